import { type ClickHouse, connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import type { Codec } from '../../../schemas/codec.ts';
import { deadLetterHeader, readEnvelope } from '../../../schemas/envelope.ts';
import { type AttemptBatch, attemptBatchSchema } from '../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../../topics/names.ts';
import type { Admin, Broker } from '../../../topics/ports.ts';
import type { Commit, Letter, Place, Row, StoredRecord } from '../check/evidence.ts';
import { offsetsTopic, readCommit } from './commit-record.ts';
import { digestOf, readTopic } from './read-topic.ts';

/** Reads what is left behind in Kafka and ClickHouse of one pipeline. */
export class Collector {
  readonly #broker: Broker;
  readonly #admin: Admin;
  readonly #codec: Codec;
  readonly #pipeline: string;

  constructor(broker: Broker, admin: Admin, codec: Codec, pipeline: string) {
    this.#broker = broker;
    this.#admin = admin;
    this.#codec = codec;
    this.#pipeline = pipeline;
  }

  async records(topics: readonly string[]): Promise<StoredRecord[]> {
    const found: StoredRecord[] = [];
    for (const topic of topics) {
      await readTopic(this.#broker, this.#admin, topic, ({ partition }, record) => {
        const { offset, timestampMs, key, headers } = record;
        const place = { topic, partition, offset };
        const { id } = readEnvelope(headers, place, timestampMs);
        const digest = digestOf(record, [deadLetterHeader]);
        found.push({ ...place, id, key: key?.toString() ?? null, timestampMs, digest });
      });
    }
    return found;
  }

  async letters(topics: readonly string[]): Promise<Letter[]> {
    const found: Letter[] = [];
    for (const topic of topics) {
      await readTopic(this.#broker, this.#admin, topic, (_place, record) => {
        const { timestampMs, headers } = record;
        const { topic: from, partition, offset }: Place = JSON.parse(String(headers[deadLetterHeader]));
        const source = { topic: from, partition, offset };
        const { id } = readEnvelope(headers, source, timestampMs);
        found.push({ id, source, timestampMs, digest: digestOf(record, [deadLetterHeader]) });
      });
    }
    return found;
  }

  /** In the order in which Kafka took them. */
  async commits(): Promise<Commit[]> {
    const found: Commit[] = [];
    const isOurs = (group: string) => group.startsWith(`${this.#pipeline}.`);
    await readTopic(this.#broker, this.#admin, offsetsTopic, (_place, record) => {
      const commit = readCommit(record, isOurs);
      if (commit !== undefined) found.push(commit);
    });
    return found;
  }

  /** What the attempts topic holds of the pipeline, repeats of the producer included; what only says that a task runs is no attempt that ended. */
  async countRows(): Promise<number> {
    const values: Buffer[] = [];
    await readTopic(this.#broker, this.#admin, attemptsTopic, (_place, { value }) => {
      if (value !== null) values.push(Buffer.from(value));
    });
    let rows = 0;
    for (const value of values) {
      const batch = await this.#batchOf(value);
      if (batch?.pipeline === this.#pipeline)
        rows += batch.attempts.filter(({ outcome }) => outcome !== 'running').length;
    }
    return rows;
  }

  /** undefined: somebody else's, and unreadable. */
  async #batchOf(value: Buffer): Promise<AttemptBatch | undefined> {
    try {
      return await this.#codec.decode(attemptBatchSchema, value);
    } catch {
      return undefined;
    }
  }

  async rows(clickhouseUrl: string): Promise<Row[]> {
    const clickhouse = connectClickHouse({ url: clickhouseUrl, user: 'default', password: '', database: 'penstock' });
    try {
      return (await rowsByPartition(clickhouse, this.#pipeline)).map(toRow);
    } finally {
      await clickhouse.close();
    }
  }
}

type StoredRow = readonly [string, string, string, string, string, string, string, string, string];

/** One answer for each partition: all at once would be half a gigabyte of text after a long run. */
async function rowsByPartition(clickhouse: ClickHouse, pipeline: string): Promise<StoredRow[]> {
  const places = await clickhouse.query<{ topic: string; partition: number }>(
    'SELECT DISTINCT topic, partition FROM attempts WHERE pipeline = {pipeline:String}',
    { pipeline },
  );
  const found: StoredRow[] = [];
  for (const { topic, partition } of places) {
    const params = { pipeline, topic, partition };
    const rows = await clickhouse.query<{ row: StoredRow }>(rowsQuery, params);
    for (const { row } of rows) found.push(row);
  }
  return found;
}

const rowsQuery = `
  SELECT [topic, toString(partition), toString(offset), task_id, worker, toString(attempt), toString(outcome), next_stage,
    concat(toString(record_partition), '@', toString(record_offset), '#', toString(record_index))] AS row
  FROM attempts
  WHERE pipeline = {pipeline:String} AND topic = {topic:String} AND partition = {partition:UInt32} AND outcome != 'running'`;

function toRow([topic, partition, offset, id, worker, attempt, outcome, nextStage, source]: StoredRow): Row {
  const place = { topic, partition: Number(partition), offset: Number(offset) };
  return { ...place, id, worker, attempt: Number(attempt), outcome, nextStage, source };
}
