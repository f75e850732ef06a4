import type { Logger } from 'pino';
import { messageOf } from '../../schemas/errors.ts';
import type { CommittedOffset, GroupConsumer, TopicPartition } from '../../topics/ports.ts';
import type { PartitionShare } from './task-run.ts';

/** Commits what is finished of the live shares, and only where something changed. */
export class Committer {
  readonly #consumer: Pick<GroupConsumer, 'commit'>;
  readonly #log: Logger;
  #underway = false;

  constructor(consumer: Pick<GroupConsumer, 'commit'>, log: Logger) {
    this.#consumer = consumer;
    this.#log = log;
  }

  /** Skipped while the commit before is still under way: the next tick covers more. */
  tick(shares: readonly PartitionShare[]): void {
    if (this.#underway || !shares.some(hasChanged)) return;
    this.#underway = true;
    void this.commit(shares).then(() => {
      this.#underway = false;
    });
  }

  /**
   * Sends before it returns its promise; never rejects. A commit that fails costs nothing but repeats: the offsets stay
   * finished, and the next commit names them again. Resolves with whether all was taken.
   */
  async commit(shares: Iterable<PartitionShare>): Promise<boolean> {
    const changed = [...shares].filter(hasChanged);
    if (changed.length === 0) return true;
    const versions = changed.map((share) => share.version);
    try {
      await this.#consumer.commit(changed.map(offsetOf));
      changed.forEach((share, index) => {
        share.committedVersion = versions[index] ?? -1;
      });
      return true;
    } catch (thrown) {
      this.#log.debug({ reason: messageOf(thrown) }, 'commit failed, will be tried again');
      return false;
    }
  }
}

const hasChanged = ({ live, version, committedVersion }: PartitionShare): boolean =>
  live && version !== committedVersion;

function offsetOf(share: PartitionShare): TopicPartition & CommittedOffset {
  const { topic, partition, tracker } = share;
  return { topic, partition, offset: tracker.position, metadata: share.metadata() };
}
