import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { nodeProgramArgs } from '../../deploy/embedded/node-program.ts';

/** A process of its own, asked by name; what it does costs the asker nothing. */
export interface Child {
  /** Rejects with what the other side threw. */
  call<Result>(name: string, args?: object): Promise<Result>;
  /** Resident set now, in MiB; the kernel's own count. */
  residentMb(): Promise<number>;
  end(): Promise<void>;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/**
 * Starts a module of this folder that calls serve(); its URL has no extension. PENSTOCK_BENCH_PROFILE: a folder for CPU
 * profiles of these processes.
 */
export async function startChild(module: URL): Promise<Child> {
  const folder = process.env.PENSTOCK_BENCH_PROFILE;
  const profile = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  const child = spawn(process.execPath, [...profile, ...nodeProgramArgs(module)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  child.on('message', ({ id, result, error }: Answer) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asker?.resolve(result as never);
    else asker?.reject(new Error(error));
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`a process of the benchmark ended with ${code}`));
  });
  let calls = 0;
  return {
    call: (name, args = {}) =>
      new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        child.send({ id: calls, name, args });
      }),
    async residentMb() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
