import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowGate } from '../../../processors/runtime/flow-gate.ts';
import { PartitionShare } from '../../../processors/runtime/task-run.ts';
import type { TopicPartition } from '../../../topics/ports.ts';

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** What a consumer keeps: a set of pauses, gone with each assignment. */
function pausing() {
  const paused = new Set<string>();
  return {
    paused,
    pause: (partitions: readonly TopicPartition[]) => {
      for (const each of partitions) paused.add(keyOf(each));
    },
    resume: (partitions: readonly TopicPartition[]) => {
      for (const each of partitions) paused.delete(keyOf(each));
    },
  };
}

const step = fc.record({
  kind: fc.constantFrom('took', 'ended', 'hold', 'release', 'assign', 'tick'),
  at: fc.nat(3),
  tasks: fc.integer({ min: 1_000, max: 3_000 }),
});

describe('flow gate', () => {
  it('keeps paused just what is full or not due, through any order of events and any assignment', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const consumer = pausing();
        const gate = new FlowGate(consumer, 16);
        const shares = ['p.s', 'p.s.retry.1s'].flatMap((topic) =>
          [0, 1].map((partition) => new PartitionShare({ topic, partition, committed: null, kept: false })),
        );
        gate.assign(shares);
        for (const { kind, at, tasks } of steps) {
          const share = shares[at];
          if (share === undefined) continue;
          if (kind === 'took') for (let n = 0; n < tasks; n++) gate.took(share, 10);
          if (kind === 'took') gate.reviewFull(share);
          if (kind === 'ended') while (share.tasks > 0) gate.released(share, 10);
          if (kind === 'ended') gate.reviewPaused();
          if (kind === 'hold' && !share.held) gate.hold(share);
          if (kind === 'release' && share.held) gate.release(share);
          if (kind === 'tick') gate.tick(200);
          if (kind === 'assign') {
            consumer.paused.clear();
            gate.assign(shares);
          }
          const wanted = shares.filter((each) => each.held || each.paused).map(keyOf);
          expect([...consumer.paused].toSorted()).toEqual(wanted.toSorted());
        }
        for (const share of shares) while (share.tasks > 0) gate.released(share, 10);
        for (const share of shares) if (share.held) gate.release(share);
        gate.reviewPaused();
        expect([...consumer.paused]).toEqual([]);
      }),
    );
  });
});
