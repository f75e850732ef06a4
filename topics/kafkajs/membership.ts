import type { TopicPartition } from '../ports.ts';
import { placeKey } from './group-offsets.ts';

/** One assignment of this member, from its join to the next. */
export interface Assignment {
  readonly epoch: number;
  /** Epoch ms. */
  readonly since: number;
  readonly memberId: string;
  readonly partitions: readonly TopicPartition[];
  readonly keys: ReadonlySet<string>;
  /** Partitions that this member owned in the generation right before. */
  readonly kept: ReadonlySet<string>;
}

/**
 * Follows joins. A member id lives as long as the coordinator counts the member in every generation; but one generation
 * may pass between two joins that this member heard of, when the answer to the first was lost. Hence the count of
 * attempts: only one attempt between two joins means that nobody else can have owned what it owned before.
 */
export class Membership {
  #current: Assignment | undefined;
  #epoch = 0;
  #attempts = 0;

  get current(): Assignment | undefined {
    return this.#current;
  }

  joinAttempted(): void {
    this.#attempts += 1;
  }

  joined(memberId: string, assigned: Readonly<Record<string, readonly number[]>>): Assignment {
    const before = this.#current;
    const unbroken = before !== undefined && before.memberId === memberId && this.#attempts === 1;
    const partitions = Object.entries(assigned).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    );
    const keys = new Set(partitions.map(placeKey));
    const kept = new Set(unbroken ? [...keys].filter((key) => before.keys.has(key)) : []);
    this.#attempts = 0;
    this.#epoch += 1;
    this.#current = { epoch: this.#epoch, since: Date.now(), memberId, partitions, keys, kept };
    return this.#current;
  }

  /** Membership ended: whatever comes next, nothing is kept. */
  left(): void {
    this.#current = undefined;
    this.#attempts = 0;
  }
}
