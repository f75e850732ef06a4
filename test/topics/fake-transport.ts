import type { PenstockError } from '../../schemas/errors.ts';
import type { Clock } from '../../topics/producer/clock.ts';
import type { PartitionWrite, ProduceTransport, WriteResult } from '../../topics/producer/transport.ts';

/** Time that stands until it is moved. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what falls due on the way, and lets promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const end = this.#nowMs + byMs;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.run();
    }
    this.#nowMs = end;
    await settle();
  }

  get timers(): number {
    return this.#timers.size;
  }
}

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Flying {
  readonly writes: readonly PartitionWrite[];
  land(error?: PenstockError): void;
}

/** A cluster of which the test decides each answer. */
export class FakeTransport implements ProduceTransport {
  readonly topics = new Map<string, number>();
  readonly flying: Flying[] = [];
  readonly log = new Map<string, string[]>();
  lookUps = 0;
  closed = false;
  onLookUp: (topic: string) => Promise<void> = async () => undefined;
  /** Answers each write at once. */
  auto = false;

  constructor(topics: Readonly<Record<string, number>>) {
    for (const [topic, partitions] of Object.entries(topics)) this.topics.set(topic, partitions);
  }

  partitionCount(topic: string): number | undefined {
    return this.topics.get(topic);
  }

  async lookUp(topic: string): Promise<void> {
    this.lookUps += 1;
    await this.onLookUp(topic);
  }

  write(writes: readonly PartitionWrite[]): Promise<readonly WriteResult[]> {
    return new Promise((resolve) => {
      const land = (error?: PenstockError): void => {
        this.flying.splice(this.flying.indexOf(flight), 1);
        resolve(writes.map((write) => (error ? refused(error, writes.length > 1) : this.#append(write))));
      };
      const flight: Flying = { writes, land };
      this.flying.push(flight);
      if (this.auto) land();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #append({ topic, partition, records }: PartitionWrite): WriteResult {
    const id = `${topic}/${partition}`;
    const log = this.log.get(id) ?? [];
    this.log.set(id, [...log, ...records.map(({ value }) => value?.toString() ?? '')]);
    return { kind: 'written', baseOffset: log.length };
  }
}

const refused = (error: PenstockError, shared: boolean): WriteResult => ({ kind: 'failed', error, shared });
