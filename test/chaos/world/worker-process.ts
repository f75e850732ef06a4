import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { nodeProgramArgs } from '../../../deploy/embedded/node-program.ts';
import type { ResourceUse } from '../check/evidence.ts';
import type { WorkerMessage, WorkerSettings } from '../worker/worker-settings.ts';

const program = nodeProgramArgs(new URL('../worker/worker-main', import.meta.url));

/** A worker in a process of its own. */
export class WorkerProcess {
  readonly name: string;
  /** Resolves when it is gone, however that came. */
  readonly exited: Promise<void>;
  /** When it was last surely alive; Infinity: it lives. */
  diedMs = Number.POSITIVE_INFINITY;
  before: ResourceUse | undefined;
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  #isReady = false;

  constructor(settings: WorkerSettings, logFile: string) {
    this.name = settings.workerName;
    const log = openSync(logFile, 'a');
    this.#child = spawn(process.execPath, ['--expose-gc', ...program, JSON.stringify(settings)], {
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.exited = once(this.#child, 'exit').then(() => {
      this.diedMs = Math.min(this.diedMs, Date.now());
    });
    this.#ready = new Promise((resolve) => {
      this.#child.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') resolve();
      });
    });
    void this.#ready.then(() => {
      this.#isReady = true;
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.diedMs === Number.POSITIVE_INFINITY;
  }

  get isReady(): boolean {
    return this.#isReady && this.isAlive;
  }

  /** Owns its partitions; also when it died before. */
  async ready(): Promise<void> {
    await Promise.race([this.#ready, this.exited]);
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.diedMs = Math.min(this.diedMs, Date.now());
    this.#child.kill(signal);
  }

  /** undefined: it ended meanwhile. */
  async measure(): Promise<ResourceUse | undefined> {
    const answer = new Promise<ResourceUse>((resolve) => {
      const listen = (message: WorkerMessage) => {
        if (message.kind !== 'use') return;
        this.#child.off('message', listen);
        resolve(message);
      };
      this.#child.on('message', listen);
    });
    this.#child.send('measure');
    return Promise.race([answer, this.exited.then(() => undefined)]);
  }
}
