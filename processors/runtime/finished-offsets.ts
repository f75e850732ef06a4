import { markMaxLength, withoutMark } from './owner-mark.ts';

/**
 * Finished offsets above a commit, as text for the commit's metadata. A run is `[start, end)` relative to the committed
 * offset, in order, not touching each other. Two forms, the shorter wins: a bitset, or varint lengths of the holes and
 * runs in turn. Each has a versioned prefix, so that a reader meets nothing it has to guess at.
 */
export interface Run {
  readonly start: number;
  readonly end: number;
}

/** Kafka's offset.metadata.max.bytes. */
export const metadataMaxBytes = 4096;
const prefixLength = 3;
const lengthsPrefix = 'p1l';
const bitsetPrefix = 'p1b';
const bodyMaxBytes = Math.floor(((metadataMaxBytes - prefixLength - markMaxLength) * 3) / 4);
/** Past these neither form has room; callers may stop to collect runs there. */
export const maxUsefulRuns = Math.floor(bodyMaxBytes / 2) + 1;
const maxBits = bodyMaxBytes * 8;
/** A decoded span above it is no work of ours: 2^40 offsets of one partition were never in flight. */
const maxSpan = 2 ** 40;

interface Body {
  readonly prefix: string;
  readonly bytes: Buffer;
  /** Finished offsets it names; fewer than given where the limit cut it. */
  readonly covered: number;
}

/** The empty string where there is nothing to say. What does not fit is left out: those tasks run again after a crash. */
export function encodeFinished(runs: readonly Run[]): string {
  if (runs.length === 0) return '';
  const lengths = encodeLengths(runs);
  const bits = encodeBits(runs);
  const best = better(lengths, bits) ? lengths : bits;
  return best.covered === 0 ? '' : best.prefix + best.bytes.toString('base64url');
}

function better(one: Body, other: Body): boolean {
  return one.covered === other.covered ? one.bytes.length <= other.bytes.length : one.covered > other.covered;
}

function encodeLengths(runs: readonly Run[]): Body {
  const bytes: number[] = [];
  let covered = 0;
  let at = 0;
  for (const run of runs) {
    const pair = [...varint(run.start - at), ...varint(run.end - run.start)];
    if (bytes.length + pair.length > bodyMaxBytes) break;
    for (const byte of pair) bytes.push(byte);
    covered += run.end - run.start;
    at = run.end;
  }
  return { prefix: lengthsPrefix, bytes: Buffer.from(bytes), covered };
}

function encodeBits(runs: readonly Run[]): Body {
  const end = Math.min(runs.at(-1)?.end ?? 0, maxBits);
  const bytes = Buffer.alloc(Math.ceil(end / 8));
  let covered = 0;
  for (const run of runs) {
    for (let bit = run.start; bit < Math.min(run.end, end); bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
      covered++;
    }
  }
  return { prefix: bitsetPrefix, bytes, covered };
}

/** Runs of a metadata string, with an owner's mark or without; none for text that is not ours, whoever wrote it. */
export function decodeFinished(metadata: string): readonly Run[] {
  if (metadata.length > metadataMaxBytes) return [];
  const finished = withoutMark(metadata);
  const prefix = finished.slice(0, prefixLength);
  const body = Buffer.from(finished.slice(prefixLength), 'base64url');
  if (prefix === lengthsPrefix) return decodeLengths(body);
  return prefix === bitsetPrefix ? decodeBits(body) : [];
}

function decodeLengths(body: Buffer): readonly Run[] {
  const numbers = readVarints(body);
  const runs: Run[] = [];
  let at = 0;
  for (let index = 0; index + 1 < numbers.length; index += 2) {
    const start = at + (numbers[index] ?? 0);
    at = start + (numbers[index + 1] ?? 0);
    if (at > maxSpan) return [];
    if (at > start) runs.push({ start, end: at });
  }
  return runs;
}

function decodeBits(body: Buffer): readonly Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let bit = 0; bit <= body.length * 8; bit++) {
    const set = ((body[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    if (set && start < 0) start = bit;
    if (!set && start >= 0) {
      runs.push({ start, end: bit });
      start = -1;
    }
  }
  return runs;
}

/** LEB128 by arithmetic: a span may pass 2^31, where bit operators would cut it. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

function readVarints(body: Buffer): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of body) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      scale = 1;
    }
  }
  return numbers;
}
