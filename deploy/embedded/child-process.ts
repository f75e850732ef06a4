import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { messageOf } from '../../schemas/errors.ts';
import { signalGroup, signalProcess } from './end-process.ts';
import { openLogFile, readLogTail, sizeOf, tellingLines } from './log-file.ts';
import { identifyProcess, type ProcessIdentity } from './process-identity.ts';

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called when the list of its processes grows later than the call. */
  readonly onProcess: () => void;
}

export interface ManagedChild {
  /** The child, and the grandchild that it announced. */
  processes(): readonly ProcessIdentity[];
  /** Resolves, never rejects, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** SIGTERM, SIGKILL to its whole group after the grace; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** The lines that tell most of what it wrote since it was started: the latest errors, else the last ones. */
  logTail(): string[];
}

/**
 * Starts a node program with stdout and stderr in a log file and a channel by which it sees our end, in a process
 * group of its own: Ctrl-C reaches us alone, and we end the children in order.
 */
export function spawnChild(options: ChildOptions): ManagedChild {
  const log = openLogFile(options.logFile);
  const logStart = sizeOf(options.logFile);
  const child = spawn(options.command, [...options.args], {
    detached: true,
    env: childEnv(options.env),
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const processes = trackProcesses(child, options.onProcess);
  const exited = whenExited(child);
  return {
    processes,
    exited,
    stop: (graceMs) => stopChild(child, exited, graceMs),
    logTail: () => tellingLines(readLogTail(options.logFile, { from: logStart }), 8),
  };
}

/** A debugger or a loader that was meant for us must not start in every child as well. */
function childEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_CHANNEL_FD: _channel, ...inherited } = process.env;
  return { ...inherited, ...extra };
}

function trackProcesses(child: ChildProcess, onProcess: () => void): () => readonly ProcessIdentity[] {
  const known = new Map<number, ProcessIdentity>();
  const add = (pid: number | undefined) => {
    const identity = pid === undefined ? undefined : identifyProcess(pid);
    if (identity) known.set(identity.pid, identity);
  };
  add(child.pid);
  child.on('message', (message) => {
    if (typeof message === 'object' && message !== null && 'grandchildPid' in message) {
      add(Number(message.grandchildPid));
      onProcess();
    }
  });
  return () => [...known.values()];
}

function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('exit', (code, signal) => {
      // A keeper that was killed cannot end its own child any more.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      resolve(signal ? `signal ${signal}` : `exit code ${code}`);
    });
  });
}

async function stopChild(child: ChildProcess, exited: Promise<string>, graceMs: number): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalProcess(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
