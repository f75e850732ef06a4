import type { LaneScheduler } from './lanes.ts';
import type { TaskRun } from './task-run.ts';

export interface TaskPumpOptions {
  readonly scheduler: LaneScheduler<TaskRun>;
  /** False: too much waits to be written. */
  hasRoom(): boolean;
  start(run: TaskRun): void;
  /** Nothing more can run now. True: it started something that was gathered, so that more may run. */
  ranDry?(): boolean;
}

/** Longest stretch of handlers that answer at once before sockets and timers get their turn. */
const sliceMs = 5;
const clockEvery = 32;

/** Starts tasks while there are slots and room. */
export class TaskPump {
  readonly #options: TaskPumpOptions;
  #pumping = false;
  #queued = false;
  #open = true;
  #held = false;

  constructor(options: TaskPumpOptions) {
    this.#options = options;
  }

  /** Safe to call from inside start(). */
  pump(): void {
    if (this.#pumping || this.#queued || this.#held || !this.#open) return;
    this.#pumping = true;
    try {
      if (!this.#slice()) this.#pumpLater();
    } finally {
      this.#pumping = false;
    }
  }

  /** Starts nothing until release(). */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.pump();
  }

  close(): void {
    this.#open = false;
  }

  /** False: it was cut short by time. Most slices start one task or two and never look at the clock. */
  #slice(): boolean {
    const { scheduler, hasRoom, start, ranDry } = this.#options;
    let endsAt = Number.POSITIVE_INFINITY;
    for (let started = 1; hasRoom() && !this.#held; started++) {
      const run = scheduler.next();
      if (run !== null) start(run);
      else if (ranDry?.() !== true) return true;
      if (started % clockEvery !== 0) continue;
      const now = performance.now();
      if (now > endsAt) return false;
      if (started === clockEvery) endsAt = now + sliceMs;
    }
    return true;
  }

  #pumpLater(): void {
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      this.pump();
    });
  }
}
