import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { nodeProgramArgs } from '../../../deploy/embedded/node-program.ts';
import type { Services } from './services.ts';

const program = nodeProgramArgs(new URL('../../../cli/main', import.meta.url), [
  new URL('../../../deploy/embedded/exit-with-parent', import.meta.url),
]);

/** It drains for 10 s and leaves its group for 10 s at most. */
const stopLimitMs = 30_000;

/** `penstock sink` in a process of its own, started again when it ends by itself. */
export class SinkProcess {
  readonly #services: Services;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #isOver = false;

  constructor(services: Services, folder: string) {
    this.#services = services;
    this.#folder = folder;
  }

  start(): void {
    const { brokers, registryUrl, clickhouseUrl } = this.#services;
    const log = openSync(join(this.#folder, 'sink.log'), 'a');
    const child = spawn(process.execPath, [...program, 'sink'], {
      env: {
        ...process.env,
        PENSTOCK_BROKERS: brokers.join(','),
        PENSTOCK_REGISTRY_URL: registryUrl,
        PENSTOCK_CLICKHOUSE_URL: clickhouseUrl,
        PENSTOCK_DATA_DIR: this.#folder,
      },
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.#child = child;
    child.once('exit', () => {
      if (!this.#isOver) this.start();
    });
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** False: it did not end when it was asked to, and was killed. */
  async stop(): Promise<boolean> {
    this.#isOver = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return true;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    const [, signal] = await exited;
    clearTimeout(timer);
    return signal !== 'SIGKILL';
  }
}
