import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { makeDataFolder } from './disk-space.ts';
import { openLogFile, readLogTail, sizeOf, tellingLines } from './log-file.ts';
import { nodeProgramArgs } from './node-program.ts';
import type { StackOptions } from './stack-options.ts';

/** What the background supervisor tells the command that started it. */
export type SupervisorMessage =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'ready'; readonly endpoints: StackEndpoints }
  | { readonly kind: 'failed'; readonly code?: string; readonly message: string };

export interface StackEndpoints {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
}

/** Starts the stack under a supervisor that outlives this process; resolves when all components answer. */
export function startStackInBackground(options: StackOptions): Promise<StackEndpoints> {
  makeDataFolder(resolve(options.dataDir));
  const logFile = join(resolve(options.dataDir), 'logs', 'supervisor.log');
  const log = openLogFile(logFile);
  const from = sizeOf(logFile);
  const { onProgress, ...plain } = options;
  const program = nodeProgramArgs(new URL('./supervisor-main', import.meta.url));
  const child = spawn(process.execPath, [...program, JSON.stringify(plain)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return new Promise<StackEndpoints>((succeed, fail) => {
    child.on('message', (message: SupervisorMessage) => {
      if (message.kind === 'progress') onProgress?.(message.line);
      else if (message.kind === 'ready') succeed(message.endpoints);
      else fail(restoreError(message));
    });
    child.once('error', fail);
    child.once('exit', (code, signal) => {
      const tail = tellingLines(readLogTail(logFile, { from }), 8).join('\n    ');
      const how = signal ?? `exit code ${code}`;
      fail(new PenstockError('PIPE_STACK_COMPONENT_FAILED', `the supervisor ended with ${how}:\n    ${tail}`));
    });
  }).finally(() => {
    if (child.connected) child.disconnect();
    child.unref();
  });
}

function restoreError(failure: { readonly code?: string; readonly message: string }): Error {
  return isErrorCode(failure.code) ? new PenstockError(failure.code, failure.message) : new Error(failure.message);
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}
