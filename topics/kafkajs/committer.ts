import type { Consumer, EachBatchPayload } from 'kafkajs';
import { PenstockError } from '../../schemas/errors.ts';
import type { CommittedOffset, TopicPartition } from '../ports.ts';
import { translate } from './errors.ts';
import { placeKey } from './group-offsets.ts';

const maxTries = 6;
const firstPauseMs = 100;

type Offsets = readonly (TopicPartition & CommittedOffset)[];
type CommitOnce = EachBatchPayload['commitOffsetsIfNecessary'];
type OffsetCommitter = Pick<Consumer, 'commitOffsets'>;

/**
 * Commits, and only for as long as the caller still owns what it commits. `consumer.commitOffsets` of kafkajs repeats a
 * refused commit after the next join, with the next generation: the broker then takes a commit for a partition that has
 * moved. The commit of a batch payload goes out once, so the repeating is done here, with a look at the ownership first.
 */
export class Committer {
  readonly #consumer: OffsetCommitter;
  readonly #groupId: string;
  #once: CommitOnce | undefined;
  /** What was last asked for of each partition: a commit that is repeated must not undo one that overtook it. */
  readonly #newest = new Map<string, Offsets[number]>();

  constructor(consumer: OffsetCommitter, groupId: string) {
    this.#consumer = consumer;
    this.#groupId = groupId;
  }

  use(payload: Pick<EachBatchPayload, 'commitOffsetsIfNecessary'>): void {
    this.#once = payload.commitOffsetsIfNecessary;
  }

  /** The consumer behind the last payload is gone. */
  forget(): void {
    this.#once = undefined;
    this.#newest.clear();
  }

  /** A new assignment: what was asked for before it counts for nothing. */
  reset(): void {
    this.#newest.clear();
  }

  /** The request leaves before this returns: a commit out of rebalancing() must go ahead of the join. */
  async commit(offsets: Offsets, isValid: () => boolean): Promise<void> {
    for (const each of offsets) this.#newest.set(placeKey(each), each);
    for (let attempt = 1; ; attempt += 1) {
      if (!isValid()) throw this.#fenced();
      try {
        await this.#send(offsets.map((each) => this.#newest.get(placeKey(each)) ?? each));
        return;
      } catch (thrown) {
        const error = translate(thrown, `commit of group ${this.#groupId}`, { group: this.#groupId });
        if (error.code !== 'PIPE_BROKER_UNAVAILABLE' || attempt === maxTries) throw error;
        const pauseMs = firstPauseMs * 2 ** (attempt - 1);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  #send(offsets: Offsets): Promise<void> {
    const wire = offsets.map(({ topic, partition, offset, metadata }) => ({
      topic,
      partition,
      offset: String(offset),
      metadata,
    }));
    if (!this.#once) return this.#consumer.commitOffsets(wire);
    const topics = new Map<string, (typeof wire)[number][]>();
    for (const one of wire) topics.set(one.topic, [...(topics.get(one.topic) ?? []), one]);
    return this.#once({ topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) });
  }

  #fenced(): PenstockError {
    const message = `group ${this.#groupId} no longer owns a partition of this commit`;
    return new PenstockError('PIPE_COMMIT_FENCED', message, { context: { group: this.#groupId } });
  }
}
