import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PenstockError } from '../../schemas/errors.ts';
import { isTypescript, ownEntry } from '../node-entry.ts';
import type { AnswerMessage, JobMessage } from './messages.ts';
import { rebuildThrown } from './thrown.ts';

export interface ChildOptions {
  readonly module: URL;
  readonly maxMemoryMb: number;
}

interface Job {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** One process that works on one job at a time. It keeps this process alive only while it works. */
export class Child {
  /** Resolves when it is gone, however that came. */
  readonly gone: Promise<void>;
  #isEnding = false;
  #job: Job | undefined;
  readonly #maxMemoryMb: number;
  readonly #process: ChildProcess;

  constructor({ module, maxMemoryMb }: ChildOptions) {
    const { url, execArgv } = ownEntry(new URL('./child-main', import.meta.url), { typescript: isTypescript(module) });
    this.#maxMemoryMb = maxMemoryMb;
    this.#process = fork(fileURLToPath(url), [module.href, String(process.pid)], {
      execArgv: [...execArgv, `--max-old-space-size=${maxMemoryMb}`],
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message: AnswerMessage) => this.#answered(message));
    this.gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        this.#lost(how);
        resolve();
      };
      this.#process.once('close', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
      this.#process.on('error', (error) => {
        if (this.#process.pid === undefined) ended(error.message);
      });
    });
    this.#rest();
  }

  /** Whether it can take another job. */
  get isUsable(): boolean {
    return !this.#isEnding && this.#process.connected;
  }

  /** Rejects with what the module threw, or with PIPE_STAGE_CPU_CRASHED when the process ends first. */
  work(input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#job = { resolve, reject };
      this.#process.ref();
      this.#process.channel?.ref();
      const message: JobMessage = { input };
      try {
        // A channel that breaks is told by the end of the process.
        this.#process.send({ ...message }, () => undefined);
      } catch (error) {
        this.#settle()?.reject(error);
      }
    });
  }

  /** At once, whatever it does. */
  kill(): void {
    this.#isEnding = true;
    this.#process.kill('SIGKILL');
  }

  #answered(message: AnswerMessage): void {
    const job = this.#settle();
    if ('thrown' in message) job?.reject(rebuildThrown(message.thrown));
    else job?.resolve(message.result);
  }

  #lost(how: string): void {
    this.#isEnding = true;
    const limit = how === 'signal SIGABRT' ? `, as when its heap reaches the limit of ${this.#maxMemoryMb} MB` : '';
    const message = `the child process ended before it answered (${how}${limit})`;
    this.#settle()?.reject(new PenstockError('PIPE_STAGE_CPU_CRASHED', message, { context: { how } }));
  }

  #settle(): Job | undefined {
    const job = this.#job;
    this.#job = undefined;
    this.#rest();
    return job;
  }

  #rest(): void {
    this.#process.unref();
    this.#process.channel?.unref();
  }
}
