import { type Marks, nowUs } from './workload.ts';

/** Stretch from the first start of a handler on. */
export class SpanMarks implements Marks {
  #firstMs = 0;
  #lastMs = 0;
  #cpu = process.cpuUsage();

  started = (): void => {
    if (this.#firstMs > 0) return;
    this.#firstMs = performance.now();
    this.#cpu = process.cpuUsage();
  };

  ended = (): void => {
    this.#lastMs = performance.now();
  };

  /** To the last end. */
  get handlersMs(): number {
    return this.#lastMs - this.#firstMs;
  }

  sinceFirstMs(): number {
    return performance.now() - this.#firstMs;
  }

  /** Of this process since the first start. */
  cpuUs(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return user + system;
  }
}

/** Milliseconds since each task was to be sent, in order of arrival. */
export interface Latencies {
  readonly toStart: readonly number[];
  readonly toEnd: readonly number[];
}

/** Where the time of single tasks goes; a task that comes twice counts twice. */
export class LatencyMarks implements Marks {
  readonly #toStart: number[] = [];
  readonly #toEnd: number[] = [];

  started = (sentAtUs: number): void => {
    this.#toStart.push((nowUs() - sentAtUs) / 1_000);
  };

  ended = (sentAtUs: number): void => {
    this.#toEnd.push((nowUs() - sentAtUs) / 1_000);
  };

  result(): Latencies {
    return { toStart: this.#toStart, toEnd: this.#toEnd };
  }
}
