import { PenstockError } from '../../schemas/errors.ts';
import { Child, type ChildOptions } from './child.ts';

export interface ChildPoolOptions extends ChildOptions {
  readonly processes: number;
}

interface Job {
  readonly input: unknown;
  child: Child | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Each that waits holds a slot of its stage as well; no stage needs more. */
const maxWaiting = 1_000;
/** A child without work ends after this. */
const idleMs = 10_000;

/** Jobs in the order they came, on so many children at most. A child starts when a job needs it. */
export class ChildPool {
  readonly #options: ChildPoolOptions;
  readonly #children = new Set<Child>();
  readonly #idle = new Map<Child, NodeJS.Timeout>();
  readonly #waiting = new Set<Job>();
  readonly #running = new Set<Job>();

  constructor(options: ChildPoolOptions) {
    this.#options = options;
  }

  /** Rejects with the reason of the signal; a child that works on the job is killed then. */
  run(input: unknown, signal: AbortSignal): Promise<unknown> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.size >= maxWaiting) return Promise.reject(queueFull());
    return new Promise((resolve, reject) => {
      const abort = (): void => this.#drop(job, signal.reason);
      const settle = <Value>(how: (value: Value) => void) => {
        return (value: Value): void => {
          signal.removeEventListener('abort', abort);
          how(value);
        };
      };
      const job: Job = { input, child: undefined, resolve: settle(resolve), reject: settle(reject) };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.add(job);
      this.#pump();
    });
  }

  /** Kills all children and waits for their end. What runs or waits rejects; a later job starts anew. */
  async close(): Promise<void> {
    const stopped = new PenstockError('PIPE_STAGE_STOPPED', 'the pool of child processes was closed');
    for (const job of [...this.#waiting, ...this.#running]) job.reject(stopped);
    this.#waiting.clear();
    const children = [...this.#children];
    for (const child of children) child.kill();
    await Promise.all(children.map((child) => child.gone));
  }

  #pump(): void {
    for (const job of this.#waiting) {
      const child = this.#freeChild(job);
      if (child === undefined && this.#waiting.has(job)) return;
      this.#waiting.delete(job);
      if (child === undefined) continue;
      job.child = child;
      void this.#serve(child, job);
    }
  }

  #freeChild(job: Job): Child | undefined {
    for (const [child, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(child);
      if (child.isUsable) return child;
    }
    return this.#children.size < this.#options.processes ? this.#start(job) : undefined;
  }

  /** The system may refuse another process. */
  #start(job: Job): Child | undefined {
    try {
      const child = new Child(this.#options);
      this.#children.add(child);
      void child.gone.then(() => this.#forget(child));
      return child;
    } catch (cause) {
      this.#waiting.delete(job);
      job.reject(new PenstockError('PIPE_STAGE_CPU_CRASHED', 'no child process could be started', { cause }));
      return undefined;
    }
  }

  async #serve(child: Child, job: Job): Promise<void> {
    this.#running.add(job);
    try {
      job.resolve(await child.work(job.input));
    } catch (error) {
      job.reject(error);
    }
    this.#running.delete(job);
    if (child.isUsable) this.#rest(child);
  }

  #rest(child: Child): void {
    this.#idle.set(child, setTimeout(() => child.kill(), idleMs).unref());
    this.#pump();
  }

  #forget(child: Child): void {
    clearTimeout(this.#idle.get(child));
    this.#idle.delete(child);
    this.#children.delete(child);
    this.#pump();
  }

  #drop(job: Job, reason: unknown): void {
    this.#waiting.delete(job);
    job.child?.kill();
    job.reject(reason);
  }
}

function queueFull(): PenstockError {
  const message = `${maxWaiting} jobs wait for a child process already; give the stage fewer slots, or the pool more processes`;
  return new PenstockError('PIPE_STAGE_CPU_FULL', message, { afterMs: 1_000 });
}
