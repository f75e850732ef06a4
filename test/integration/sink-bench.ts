import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { inject, onTestFinished } from 'vitest';
import { type AttemptSink, type AttemptSinkOptions, startAttemptSink } from '../../processors/sinks/attempt-sink.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { type Codec, createCodec } from '../../schemas/codec.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { connectKafka } from '../../topics/client.ts';
import type { Broker, GroupConsumer } from '../../topics/ports.ts';
import { until } from '../helpers/until.ts';
import { aBatch, anAttempt } from '../processors/sinks/attempts.ts';

export const partitions = 3;
const logger = pino({ level: 'silent' });

/** Real Kafka, registry and ClickHouse, with a topic, a group and a database of its own. */
export interface RealBench {
  readonly broker: Broker;
  readonly clickhouse: ClickHouse;
  readonly topic: string;
  readonly groupId: string;
  start(parts?: Partial<AttemptSinkOptions>): Promise<AttemptSink>;
  /** So many records of three rows each, spread over the partitions; task ids r0.0, r0.1, … */
  send(records: number): Promise<void>;
  sendBytes(values: readonly Buffer[]): Promise<void>;
  /** Resolves when the group has committed all that was sent, and nothing is announced. */
  drained(): Promise<void>;
  /** Of the table: rows, and different identities and task ids among them. */
  counts(): Promise<{ rows: number; places: number; tasks: number }>;
}

export async function openBench(clickhouseUrl?: string): Promise<RealBench> {
  const stack = inject('stack');
  const name = `sink${randomUUID().slice(0, 8)}`;
  const broker = connectKafka({ brokers: stack.brokers.split(','), ssl: false, clientId: name, logger });
  const codec = createCodec({ registryUrl: stack.registryUrl });
  const clickhouse = connectClickHouse({
    url: clickhouseUrl ?? stack.clickhouseUrl,
    user: 'default',
    password: '',
    database: name,
  });
  onTestFinished(() => clickhouse.close());
  await migrate(clickhouse);
  const admin = await broker.admin();
  await admin.createTopics([{ name, partitions, config: {} }]);
  await admin.close();
  await codec.register(`${name}-value`, attemptBatchSchema);
  return bench({ broker, codec, clickhouse, topic: name });
}

function bench(parts: { broker: Broker; codec: Codec; clickhouse: ClickHouse; topic: string }): RealBench {
  const { broker, codec, clickhouse, topic } = parts;
  const groupId = `${topic}-group`;
  let sent = 0;
  return {
    ...parts,
    groupId,
    async start(changed = {}) {
      const limits = { maxRows: 60, maxWaitMs: 100 };
      const sink = await startAttemptSink({ broker, clickhouse, codec, logger, topic, groupId, limits, ...changed });
      // A doomed one is dead already, and would wait for itself.
      if (!changed.broker) onTestFinished(() => sink.stop().catch(() => undefined));
      return sink;
    },
    async send(records) {
      const values = Array.from({ length: records }, (_, index) => {
        const attempts = [0, 1, 2].map((each) =>
          anAttempt({ taskId: `r${sent + index}.${each}`, eventTime: Date.now() }),
        );
        return codec.encode(attemptBatchSchema, `${topic}-value`, aBatch(attempts));
      });
      sent += records;
      await produce(broker, topic, values);
    },
    sendBytes: (values) => produce(broker, topic, values),
    drained: () => drained(broker, topic, groupId),
    async counts() {
      const [row] = await clickhouse.query<Record<'rows' | 'places' | 'tasks', string>>(
        `SELECT count() AS rows, uniqExact(record_partition, record_offset, record_index) AS places,
           uniqExact(task_id) AS tasks FROM attempts`,
      );
      return { rows: Number(row?.rows), places: Number(row?.places), tasks: Number(row?.tasks) };
    },
  };
}

async function produce(broker: Broker, topic: string, values: readonly Buffer[]): Promise<void> {
  const producer = await broker.producer();
  await producer.send(values.map((value, index) => ({ topic, partition: index % partitions, key: null, value })));
  await producer.close();
}

async function drained(broker: Broker, topic: string, groupId: string): Promise<void> {
  const admin = await broker.admin();
  await until('the sink to be through', async () => {
    const ends = await admin.offsets(topic);
    const offsets = await admin.groupOffsets(groupId, topic);
    const isThrough = ends.every(({ partition, latest }) => {
      const committed = offsets.find((offset) => offset.partition === partition)?.committed;
      return latest === 0 || (committed?.offset === latest && committed.metadata === '');
    });
    return isThrough ? true : undefined;
  });
  await admin.close();
}

export type CrashPoint =
  | 'before-announce'
  | 'after-announce'
  | 'before-insert'
  | 'after-insert'
  | 'before-past'
  | 'after-past';

/** Parts of a sink that dies at its n-th step of that kind: from then on nothing of it reaches anybody. */
export interface Doomed {
  readonly parts: Pick<AttemptSinkOptions, 'broker' | 'clickhouse'>;
  /** Resolves once it is dead, and its membership of the group has ended as by the session timeout. */
  readonly dead: Promise<void>;
}

export function doomed({ broker, clickhouse }: RealBench, point: CrashPoint, after: number): Doomed {
  let left = after;
  let isDead = false;
  let consumer: GroupConsumer | undefined;
  let buried = () => {};
  const dead = new Promise<void>((resolve) => {
    buried = resolve;
  });
  const step = async (kind: string, work: () => Promise<void>): Promise<void> => {
    await dieAt(`before-${kind}`);
    await work();
    await dieAt(`after-${kind}`);
  };
  const dieAt = async (here: string): Promise<void> => {
    if (here === point && left > 0) left -= 1;
    else if (here === point) isDead = true;
    if (!isDead) return;
    await consumer?.stop();
    buried();
    await new Promise(() => undefined);
  };
  const insert: ClickHouse['insert'] = (rows) => step('insert', () => clickhouse.insert(rows));
  const wrapped: Broker = {
    ...broker,
    producer: (options) => broker.producer(options),
    admin: () => broker.admin(),
    consumer(options) {
      const real = broker.consumer(options);
      consumer = real;
      return {
        start: (listener) => real.start(listener),
        pause: (places) => real.pause(places),
        resume: (places) => real.resume(places),
        stop: () => real.stop(),
        commit: (offsets) => step(offsets[0]?.metadata === '' ? 'past' : 'announce', () => real.commit(offsets)),
      };
    },
  };
  return { parts: { broker: wrapped, clickhouse: { insert } }, dead };
}
