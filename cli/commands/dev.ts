import type { Command } from 'commander';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { moduleFlag, modulesOf } from '../load-pipelines.ts';
import { isLively, printProgress } from '../output.ts';
import { untilInterrupted } from '../until-interrupted.ts';

const ports = ['httpPort', 'kafkaPort', 'registryPort', 'clickhousePort'] as const;

export function registerDev(program: Command): void {
  const command = program.command('dev').description('stack, gateway, worker and sink in one terminal');
  addConfigFlags(command, ['dataDir', 'httpHost', ...ports, 'logLevel', 'downloadAllow'])
    .option(...moduleFlag)
    .action(runDev);
}

async function runDev(flags: { module?: readonly string[] } & Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const { startLocalSystem } = await import('../local/local-system.ts');
  const readable = await lineFormatter();
  const interrupted = untilInterrupted();
  const system = await startLocalSystem({
    config,
    modules: modulesOf(flags),
    env: { PENSTOCK_LOG_LEVEL: config.logLevel, PENSTOCK_DOWNLOAD_ALLOW: config.downloadAllow.join(',') },
    onLine: (from, line) => printProgress(`${from.padEnd(nameWidth)} │ ${readable(line)}`),
  });
  printProgress(`ready: ${system.gatewayUrl} (Ctrl-C ends it)`);
  try {
    await Promise.race([interrupted, system.failed]);
    printProgress('stopping');
  } finally {
    await system.stop();
  }
}

const nameWidth = 'gateway'.length;

/** The roles write JSON, as they see no terminal; this one may be one. */
async function lineFormatter(): Promise<(line: string) => string> {
  if (!isLively(process.stderr)) return (line) => line;
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: true, singleLine: true, translateTime: 'HH:MM:ss.l', ignore: 'name' });
  return (line) => (line.startsWith('{') ? pretty(line).trimEnd() : line);
}
