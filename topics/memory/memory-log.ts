import { PenstockError } from '../../schemas/errors.ts';
import type { Headers, InboundRecord, OutboundRecord, RecordPlace, TopicSpec } from '../ports.ts';
import { Partitioner } from '../producer/partitioner.ts';

/** Kafka's default of max.message.bytes. */
const defaultMaxBytes = 1_048_588;
/** Frame of a record batch with one record, as Kafka counts it. */
const batchOverheadBytes = 68;

interface MemoryTopic {
  readonly partitions: InboundRecord[][];
  readonly config: Map<string, string>;
}

/** Topics and their records. Records are copied in: what a caller changes afterwards stays out. */
export class MemoryLog {
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #partitioner = new Partitioner();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  names(): string[] {
    return [...this.#topics.keys()];
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  create(spec: TopicSpec): void {
    if (this.#topics.has(spec.name)) return;
    const partitions = Array.from({ length: spec.partitions }, (): InboundRecord[] => []);
    const config = new Map([['max.message.bytes', String(defaultMaxBytes)], ...Object.entries(spec.config)]);
    this.#topics.set(spec.name, { partitions, config });
  }

  grow(name: string, partitions: number): void {
    const topic = this.topic(name);
    if (partitions <= topic.partitions.length) {
      throw new PenstockError('PIPE_CONFIG_INVALID', `topic ${name} already has ${topic.partitions.length} partitions`);
    }
    while (topic.partitions.length < partitions) topic.partitions.push([]);
  }

  topic(name: string): MemoryTopic {
    const topic = this.#topics.get(name);
    if (topic) return topic;
    throw new PenstockError('PIPE_TOPIC_UNKNOWN', `topic ${name} does not exist`, { context: { topic: name } });
  }

  records(topic: string, partition: number): readonly InboundRecord[] {
    return this.#topics.get(topic)?.partitions[partition] ?? [];
  }

  /** The appends since the last one were one request. */
  requestLeft(topics: ReadonlySet<string>): void {
    this.#partitioner.requestLeft(topics);
  }

  /** undefined: the record is too large for its topic. */
  append(record: OutboundRecord): RecordPlace | undefined {
    const topic = this.topic(record.topic);
    const key = typeof record.key === 'string' ? Buffer.from(record.key) : record.key;
    const partition = this.#partitioner.choose(
      { topic: record.topic, partition: record.partition, key },
      topic.partitions.length,
    );
    const log = topic.partitions[partition];
    if (!log) throw new PenstockError('PIPE_TOPIC_UNKNOWN', `topic ${record.topic} has no partition ${partition}`);
    const maxBytes = Number(topic.config.get('max.message.bytes'));
    if (batchOverheadBytes + (key?.length ?? 0) + (record.value?.length ?? 0) > maxBytes) return undefined;
    const offset = log.length;
    log.push({
      offset,
      timestampMs: record.timestampMs ?? this.#now(),
      key: key && Buffer.from(key),
      value: record.value && Buffer.from(record.value),
      headers: received(record.headers ?? {}),
    });
    return { topic: record.topic, partition, offset };
  }
}

/** Headers as they come out of Kafka: bytes, whatever went in. */
function received(headers: Headers): Headers {
  const bag: Record<string, Buffer | Buffer[] | undefined> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const bytes = Array.isArray(value) ? value.map(toBytes) : value === undefined ? undefined : toBytes(value);
    Object.defineProperty(bag, name, { value: bytes, enumerable: true, configurable: true, writable: true });
  }
  return bag;
}

const toBytes = (value: Buffer | string): Buffer => (typeof value === 'string' ? Buffer.from(value) : value);
