import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../schemas/config.ts';
import { isLively } from './output.ts';

/** Logs go to stderr: for people on a terminal, JSON elsewhere. */
export function createLogger(role: string, level: Config['logLevel']): Logger {
  const options = { name: role, level, base: null };
  if (!isLively(process.stderr)) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }));
}

/** Of a command that ends with one clear error: what the client libraries try again meanwhile is noise, unless asked for. */
export function createCommandLogger(role: string, level: Config['logLevel']): Logger {
  return createLogger(role, level === 'debug' || level === 'trace' ? level : 'silent');
}
