import { describe, expect, it } from 'vitest';
import { readCommit } from './commit-record.ts';

const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

const keyOf = (version: number, group: string) =>
  Buffer.concat([int16(version), text(group), text('p.work'), int32(3)]);
const record = (key: Buffer | null, value: Buffer | null) => ({ offset: 0, timestampMs: 0, headers: {}, key, value });
const isOurs = (group: string) => group === 'ours';

/** Offsets 12 and 13 finished, 10 and 11 not: bits of the metadata, the lowest first. */
const metadata = `p1b${Buffer.from([0b1100]).toString('base64url')}`;

describe('readCommit', () => {
  it('reads offset, metadata and time of a commit, in the plain and in the flexible encoding', () => {
    const plain = Buffer.concat([int16(3), int64(10), int32(-1), text(metadata), int64(1_795_000_000_000)]);
    const compact = Buffer.concat([Buffer.from([metadata.length + 1]), Buffer.from(metadata)]);
    const flexible = Buffer.concat([
      int16(4),
      int64(10),
      int32(-1),
      compact,
      int64(1_795_000_000_000),
      Buffer.from([0]),
    ]);
    for (const value of [plain, flexible]) {
      expect(readCommit(record(keyOf(1, 'ours'), value), isOurs)).toEqual({
        ...{ topic: 'p.work', partition: 3, offset: 10, atMs: 1_795_000_000_000 },
        above: [{ start: 12, end: 14 }],
      });
    }
  });

  it('passes over what is no commit of ours', () => {
    const value = Buffer.concat([int16(3), int64(10), int32(-1), text(''), int64(5)]);
    expect(readCommit(record(keyOf(1, 'theirs'), value), isOurs)).toBeUndefined();
    expect(readCommit(record(keyOf(2, 'ours'), value), isOurs)).toBeUndefined();
    expect(readCommit(record(keyOf(1, 'ours'), null), isOurs)).toBeUndefined();
  });
});
