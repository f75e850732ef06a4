import type { AssignedPartition } from '../../topics/ports.ts';
import { PartitionShare } from './task-run.ts';

/** The partitions this member owns now. */
export class Membership {
  readonly #shares = new Map<number, PartitionShare>();

  /** In no order. */
  get shares(): readonly PartitionShare[] {
    return [...this.#shares.values()];
  }

  get(partition: number): PartitionShare | undefined {
    return this.#shares.get(partition);
  }

  /** Takes over a new assignment and returns the shares whose epoch is over; they are no longer live. */
  assign(partitions: readonly AssignedPartition[]): readonly PartitionShare[] {
    const before = new Map(this.#shares);
    this.#shares.clear();
    for (const assigned of partitions) {
      const kept = assigned.kept ? before.get(assigned.partition) : undefined;
      if (kept !== undefined) before.delete(assigned.partition);
      this.#shares.set(assigned.partition, kept ?? new PartitionShare(assigned));
    }
    const lost = [...before.values()];
    for (const share of lost) share.live = false;
    return lost;
  }
}
