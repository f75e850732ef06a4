import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { nodeProgramArgs } from '../../deploy/embedded/node-program.ts';
import { PenstockError } from '../../schemas/errors.ts';

export interface RoleOptions {
  /** Shown before its lines. */
  readonly name: string;
  /** Arguments of `penstock`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Told of each line it writes to stdout or stderr. */
  readonly onLine: (line: string) => void;
}

export interface RoleProcess {
  readonly name: string;
  readonly pid: number | undefined;
  /** Resolves, never rejects, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** Rejects with PIPE_CLI_ROLE_ENDED when it ends unasked; never resolves. */
  readonly failed: Promise<never>;
  /** SIGTERM, SIGKILL after the grace; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Longer than a worker's drain limit. */
const graceMs = 30_000;

/**
 * One role as a child: in a process group of its own, so that Ctrl-C reaches us alone and we end the roles in order,
 * and with a channel by which it sees our end, however that comes.
 */
export function startRole(options: RoleOptions): RoleProcess {
  const main = new URL('../main', import.meta.url);
  const preload = new URL('../../deploy/embedded/exit-with-parent', import.meta.url);
  const child = spawn(process.execPath, [...nodeProgramArgs(main, [preload]), ...options.args], {
    detached: true,
    env: { ...inheritedEnv(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  forwardLines(child.stdout, options.onLine);
  forwardLines(child.stderr, options.onLine);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  let isAsked = false;
  const failed = exited.then((how): Promise<never> => {
    if (isAsked) return new Promise(() => {});
    throw new PenstockError('PIPE_CLI_ROLE_ENDED', `the ${options.name} ended by itself (${how})`);
  });
  failed.catch(() => undefined);
  return {
    name: options.name,
    pid: child.pid,
    exited,
    failed,
    async stop() {
      isAsked = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function forwardLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

/** A debugger or a loader that was meant for us must not start in every child as well. */
function inheritedEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_CHANNEL_FD: _channel, ...inherited } = process.env;
  return inherited;
}
