import { type EncodableRecord, RecordSet } from './record-encoder.ts';

export interface ProduceMessage extends EncodableRecord {
  /** Epoch ms. */
  readonly timestamp?: string;
}

export interface ProducePartition {
  readonly partition: number;
  readonly messages: readonly ProduceMessage[];
}

/** What kafkajs gives to the encoders of versions 3 to 7, which are the same. */
export interface ProduceRequest {
  readonly acks: number;
  readonly timeout: number;
  readonly compression?: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly ProducePartition[] }[];
}

/** What the request encoder of kafkajs reads of a body. */
export interface EncodedBody {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

interface EncodableRequest {
  readonly encode: () => Promise<EncodedBody>;
}

export type MakeRequest = (request: ProduceRequest) => EncodableRequest;
export type Checksum = (bytes: Buffer) => number;

interface Batch {
  readonly partition: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly records: RecordSet;
}

const int16Bytes = 2;
const int32Bytes = 4;
const magic = 2;
/** From the first offset to the count of the records. */
const batchHeaderBytes = 61;
/** In it: what its length counts, and what its checksum covers. */
const batchLengthEnd = 12;
const checksumEnd = 21;

/** A request of plain records is encoded in one piece; with compression, transactions or sequences it is left to kafkajs. */
export function encodingPlainly(makeRequest: MakeRequest, checksum: Checksum): MakeRequest {
  return (request) => {
    const made = makeRequest(request);
    return isPlain(request) ? Object.assign(made, { encode: async () => encodeBody(request, checksum) }) : made;
  };
}

const isPlain = ({ compression, transactionalId, producerId }: ProduceRequest): boolean =>
  !compression && (transactionalId === undefined || transactionalId === null) && producerId === undefined;

function encodeBody({ acks, timeout, topicData }: ProduceRequest, checksum: Checksum): EncodedBody {
  const now = Date.now();
  const topics = topicData.map(({ topic, partitions }) => ({
    topic: Buffer.from(topic),
    batches: partitions.map((partition) => batchOf(partition, now)),
  }));
  let size = int16Bytes + int16Bytes + int32Bytes + int32Bytes;
  for (const { topic, batches } of topics) {
    size += int16Bytes + topic.length + int32Bytes;
    for (const { records } of batches) size += int32Bytes + int32Bytes + batchHeaderBytes + records.size;
  }
  const buf = Buffer.allocUnsafe(size);
  let at = buf.writeInt16BE(-1, 0);
  at = buf.writeInt16BE(acks, at);
  at = buf.writeInt32BE(timeout, at);
  at = buf.writeInt32BE(topics.length, at);
  for (const { topic, batches } of topics) {
    at = buf.writeInt16BE(topic.length, at);
    buf.set(topic, at);
    at = buf.writeInt32BE(batches.length, at + topic.length);
    for (const batch of batches) at = writeBatch(buf, at, batch, checksum);
  }
  return { buf, buffer: buf };
}

/** The times of a batch are told as differences from the first. */
function batchOf({ partition, messages }: ProducePartition, now: number): Batch {
  let firstTimestamp = Number.POSITIVE_INFINITY;
  let maxTimestamp = 0;
  for (const { timestamp } of messages) {
    const time = timeOf(timestamp, now);
    if (time < firstTimestamp) firstTimestamp = time;
    if (time > maxTimestamp) maxTimestamp = time;
  }
  const records = new RecordSet();
  for (const message of messages) records.add(message, timeOf(message.timestamp, now) - firstTimestamp);
  return { partition, firstTimestamp, maxTimestamp, records };
}

const timeOf = (timestamp: string | undefined, now: number): number =>
  timestamp === undefined ? now : Number(timestamp);

function writeBatch(buf: Buffer, start: number, batch: Batch, checksum: Checksum): number {
  const { partition, firstTimestamp, maxTimestamp, records } = batch;
  const size = batchHeaderBytes + records.size;
  const first = buf.writeInt32BE(size, buf.writeInt32BE(partition, start));
  let at = buf.writeBigInt64BE(0n, first);
  at = buf.writeInt32BE(size - batchLengthEnd, at);
  at = buf.writeInt32BE(0, at);
  at = buf.writeInt8(magic, at);
  // The checksum is written last.
  at = buf.writeInt16BE(0, first + checksumEnd);
  at = buf.writeInt32BE(records.count - 1, at);
  at = buf.writeBigInt64BE(BigInt(firstTimestamp), at);
  at = buf.writeBigInt64BE(BigInt(maxTimestamp), at);
  at = buf.writeBigInt64BE(-1n, at);
  at = buf.writeInt16BE(0, at);
  at = buf.writeInt32BE(0, at);
  at = buf.writeInt32BE(records.count, at);
  at = records.write(buf, at);
  buf.writeUInt32BE(checksum(buf.subarray(first + checksumEnd, at)), first + checksumEnd - int32Bytes);
  return at;
}
