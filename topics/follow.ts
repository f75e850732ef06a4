import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf } from '../schemas/errors.ts';
import type { Broker, GroupConsumer, InboundRecord, RecordPlace } from './ports.ts';

export interface FollowOptions {
  readonly broker: Broker;
  /** Begins the name of the reader's own group, which no other process shares and which vanishes with it. */
  readonly name: string;
  readonly topics: readonly string[];
  /** 'latest' is settled once `ready` resolves: what is produced after that is seen. */
  readonly begin: 'earliest' | 'latest';
  readonly logger: Logger;
  /** Must return at once; a record may come twice. */
  onRecord(record: InboundRecord, place: RecordPlace): void;
}

export interface Follower {
  /** Resolves when records come in; again and again tried until stop(), so a caller brings its own deadline. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const firstPauseMs = 250;
const maxPauseMs = 5_000;

/**
 * Reads whole topics alone, as many processes may do side by side. A reader that fails begins anew, so a fault costs a
 * 'latest' reader what came meanwhile.
 */
export function followTopics(options: FollowOptions): Follower {
  const ending = new AbortController();
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const following = follow(options, ending.signal, isReady);
  return {
    ready,
    async stop() {
      ending.abort();
      await following;
    },
  };
}

async function follow(options: FollowOptions, ending: AbortSignal, isReady: () => void): Promise<void> {
  const { name, topics, logger } = options;
  let pauseMs = firstPauseMs;
  while (!ending.aborted) {
    try {
      await readUntilFault(options, ending, () => {
        pauseMs = firstPauseMs;
        isReady();
      });
    } catch (thrown) {
      logger.warn({ reader: name, topics, reason: messageOf(thrown), againInMs: pauseMs }, 'a reader begins anew');
      await sleep(pauseMs, undefined, { signal: ending }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
  }
}

/** Resolves at the end; rejects when the reader cannot go on. */
async function readUntilFault(options: FollowOptions, ending: AbortSignal, onStarted: () => void): Promise<void> {
  const { broker, name, topics, begin } = options;
  const consumer = broker.consumer({ groupId: `${name}.${randomUUID()}`, topics, begin });
  const over = untilAborted(ending);
  try {
    await Promise.race([over.aborted, run(consumer, options, onStarted)]);
  } finally {
    over.forget();
    await consumer.stop();
  }
}

/** Never resolves. */
async function run(consumer: GroupConsumer, options: FollowOptions, onStarted: () => void): Promise<void> {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records({ topic, partition, records }) {
      for (const record of records) options.onRecord(record, { topic, partition, offset: record.offset });
    },
    failed: (error) => fail(error),
  });
  onStarted();
  await failed;
}

function untilAborted(signal: AbortSignal): { aborted: Promise<void>; forget: () => void } {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  return { aborted, forget: () => signal.removeEventListener('abort', onAbort) };
}
