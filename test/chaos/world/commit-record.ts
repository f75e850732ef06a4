import { decodeFinished } from '../../../processors/runtime/finished-offsets.ts';
import type { InboundRecord } from '../../../topics/ports.ts';
import type { Commit } from '../check/evidence.ts';

/** Where Kafka itself keeps what groups commit. */
export const offsetsTopic = '__consumer_offsets';
/** Key versions 0 and 1 are commits; 2 is what a group is. */
const newestCommitKey = 1;
/** From it on texts of the value have varint lengths, one more than they are. */
const firstFlexible = 4;

/** A record of the offsets topic; undefined where it is no commit of that group, or one that is taken back. */
export function readCommit({ key, value }: InboundRecord, isOurs: (group: string) => boolean): Commit | undefined {
  if (key === null || value === null || key.readInt16BE(0) > newestCommitKey) return undefined;
  const names = new FieldReader(key, 2);
  const group = names.text();
  if (!isOurs(group)) return undefined;
  const [topic, partition] = [names.text(), names.int32()];
  const version = value.readInt16BE(0);
  const fields = new FieldReader(value, 2);
  const offset = fields.int64();
  if (version >= 3) fields.int32();
  const metadata = version >= firstFlexible ? fields.compactText() : fields.text();
  const above = decodeFinished(metadata).map(({ start, end }) => ({ start: offset + start, end: offset + end }));
  return { topic, partition, offset, above, atMs: fields.int64() };
}

/** Kafka's encoding: big-endian numbers, texts with an int16 length or a varint one. */
class FieldReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigInt64BE(this.#at - 8));
  }

  text(): string {
    this.#at += 2;
    return this.#take(this.#bytes.readInt16BE(this.#at - 2));
  }

  compactText(): string {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      length += (byte & 127) * scale;
      if (byte < 128) return this.#take(length - 1);
    }
  }

  #take(length: number): string {
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}
