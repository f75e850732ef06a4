import type { HeaderValue } from '../ports.ts';

export interface EncodableRecord {
  readonly key?: Buffer | string | null;
  readonly value?: Buffer | string | null;
  readonly headers?: Readonly<Record<string, HeaderValue | null>>;
}

/** Stands for a null header value: kafkajs reads those, but measures them with a call that throws. */
export const nullHeader: Buffer = Buffer.alloc(0);

type Bytes = Buffer | string | null | undefined;

const maxFastDelta = 2 ** 30;
/** Up to here a loop over ASCII is quicker than a call into Node; measured at 36 and 120 characters. */
const shortText = 200;

/**
 * The records of one batch (magic 2), byte for byte as kafkajs writes them, in two passes: measured as they are added, then
 * written into the one buffer of the request. kafkajs takes half a kilobyte of zeroes for each record and each header, grows
 * them, and copies each record twice: more than half of a produce.
 */
export class RecordSet {
  /** Bytes of all records. */
  size = 0;
  count = 0;
  /** Of each record: its size, its deltas, how many headers; then the length of each part. */
  readonly #numbers: number[] = [];
  /** Of each record: key, value, then names and values of headers in turn. */
  readonly #parts: Bytes[] = [];

  add({ key, value, headers }: EncodableRecord, timestampDelta: number): void {
    const numbers = this.#numbers;
    const first = numbers.length;
    numbers.push(0, timestampDelta, 0);
    let size = 1 + sizeOfLong(timestampDelta) + sizeOfInt(this.count) + this.#part(key) + this.#part(value);
    if (headers) size += this.#headers(headers);
    const headerCount = (numbers.length - first - 5) / 2;
    size += sizeOfInt(headerCount);
    numbers[first] = size;
    numbers[first + 2] = headerCount;
    this.count += 1;
    this.size += sizeOfInt(size) + size;
  }

  /** Where the next byte goes. */
  write(buf: Buffer, start: number): number {
    const numbers = this.#numbers;
    const parts = this.#parts;
    let at = start;
    let nextNumber = 0;
    let nextPart = 0;
    for (let record = 0; record < this.count; record += 1) {
      const headerCount = numbers[nextNumber + 2] ?? 0;
      at = writeInt(buf, at, numbers[nextNumber] ?? 0);
      buf[at] = 0;
      at = writeLong(buf, at + 1, numbers[nextNumber + 1] ?? 0);
      at = writeInt(buf, at, record);
      nextNumber += 3;
      for (let part = 0; part < 2 + headerCount * 2; part += 1) {
        if (part === 2) at = writeInt(buf, at, headerCount);
        at = writeBytes(buf, at, parts[nextPart], numbers[nextNumber] ?? -1);
        nextPart += 1;
        nextNumber += 1;
      }
      if (headerCount === 0) at = writeInt(buf, at, 0);
    }
    return at;
  }

  /** A list of values repeats its name. */
  #headers(headers: NonNullable<EncodableRecord['headers']>): number {
    let size = 0;
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      if (!Array.isArray(value)) size += this.#part(name) + this.#part(value);
      else for (const one of value) size += this.#part(name) + this.#part(one);
    }
    return size;
  }

  #part(bytes: Bytes): number {
    const length = lengthOf(bytes);
    this.#parts.push(bytes);
    this.#numbers.push(length);
    return length < 0 ? 1 : sizeOfInt(length) + length;
  }
}

function lengthOf(bytes: Bytes): number {
  if (bytes === null || bytes === undefined || bytes === nullHeader) return -1;
  return typeof bytes === 'string' ? textLength(bytes) : bytes.length;
}

/** In UTF-8. */
function textLength(text: string): number {
  if (text.length > shortText) return Buffer.byteLength(text);
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

function sizeOfInt(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  for (; zigzag >= 0x80; zigzag >>>= 7) size += 1;
  return size;
}

function sizeOfLong(value: number): number {
  if (Math.abs(value) < maxFastDelta) return sizeOfInt(value);
  let size = 1;
  for (let zigzag = zigzagLong(value); zigzag >= 0x80n; zigzag >>= 7n) size += 1;
  return size;
}

function writeInt(buf: Buffer, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let next = at;
  for (; zigzag >= 0x80; zigzag >>>= 7) {
    buf[next] = (zigzag & 0x7f) | 0x80;
    next += 1;
  }
  buf[next] = zigzag;
  return next + 1;
}

function writeLong(buf: Buffer, at: number, value: number): number {
  if (Math.abs(value) < maxFastDelta) return writeInt(buf, at, value);
  let next = at;
  let zigzag = zigzagLong(value);
  for (; zigzag >= 0x80n; zigzag >>= 7n) {
    buf[next] = Number(zigzag & 0x7fn) | 0x80;
    next += 1;
  }
  buf[next] = Number(zigzag);
  return next + 1;
}

function zigzagLong(value: number): bigint {
  const wide = BigInt(Math.trunc(value));
  return wide < 0n ? -wide * 2n - 1n : wide * 2n;
}

/** A length below 0 stands for null. */
function writeBytes(buf: Buffer, at: number, bytes: Bytes, length: number): number {
  const next = writeInt(buf, at, length);
  if (length < 0 || bytes === null || bytes === undefined) return next;
  if (typeof bytes === 'string') writeText(buf, next, bytes, length);
  else buf.set(bytes, next);
  return next + length;
}

function writeText(buf: Buffer, at: number, text: string, length: number): void {
  // As long in UTF-8 as it has characters: ASCII alone.
  if (length !== text.length || length > shortText) {
    buf.write(text, at, length, 'utf8');
    return;
  }
  for (let index = 0; index < length; index += 1) buf[at + index] = text.charCodeAt(index);
}
