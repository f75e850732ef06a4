import type { AssignedPartition, TopicPartition } from '../../topics/ports.ts';
import { PartitionShare } from './task-run.ts';

/** The partitions this member owns now, of the stage's topic and of its retry topics. */
export class Membership {
  readonly #shares = new Map<string, PartitionShare>();

  /** In no order. */
  get shares(): readonly PartitionShare[] {
    return [...this.#shares.values()];
  }

  get(place: TopicPartition): PartitionShare | undefined {
    return this.#shares.get(keyOf(place));
  }

  /** Takes over a new assignment and returns the shares whose epoch is over; they are no longer live. */
  assign(partitions: readonly AssignedPartition[]): readonly PartitionShare[] {
    const before = new Map(this.#shares);
    this.#shares.clear();
    for (const assigned of partitions) {
      const kept = assigned.kept ? before.get(keyOf(assigned)) : undefined;
      if (kept !== undefined) before.delete(keyOf(assigned));
      this.#shares.set(keyOf(assigned), kept ?? new PartitionShare(assigned));
    }
    const lost = [...before.values()];
    for (const share of lost) share.live = false;
    return lost;
  }
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${partition}:${topic}`;
