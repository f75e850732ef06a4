/** Offsets of one insert, both included. */
export interface OffsetRange {
  readonly lo: number;
  readonly hi: number;
}

/** What is committed before an insert; whoever reads it there must make exactly this insert first. */
export function writeRange({ lo, hi }: OffsetRange): string {
  return JSON.stringify({ lo, hi });
}

/** The range announced by a commit; undefined where there is none, or where the offset was moved since. */
export function readRange(metadata: string, committedOffset: number): OffsetRange | undefined {
  const range = parse(metadata);
  return range && range.lo === committedOffset && range.hi >= range.lo ? range : undefined;
}

function parse(metadata: string): OffsetRange | undefined {
  if (!metadata.startsWith('{')) return undefined;
  try {
    const json: unknown = JSON.parse(metadata);
    if (typeof json !== 'object' || json === null || !('lo' in json) || !('hi' in json)) return undefined;
    const { lo, hi } = json;
    return isOffset(lo) && isOffset(hi) ? { lo, hi } : undefined;
  } catch {
    // Somebody else's metadata announces nothing.
    return undefined;
  }
}

const isOffset = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Names an insert for good: the same rows can be sent again under it, and are stored once. */
export function insertToken(topic: string, partition: number, { lo, hi }: OffsetRange): string {
  return `sink:${topic}:${partition}:${lo}-${hi}`;
}
