/** A part of a batch that fits one request. */
export interface Part {
  /** Place of its first payload in the whole. */
  readonly first: number;
  /** NDJSON. */
  readonly lines: string;
}

const maxLines = 5_000;
const maxChars = 2 * 1024 * 1024;

/** Cuts payloads into requests; never holds more than one. */
export async function* partsOf(payloads: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Part> {
  let first = 0;
  let count = 0;
  let lines = '';
  for await (const payload of payloads) {
    lines += `${JSON.stringify(payload)}\n`;
    count++;
    if (count < maxLines && lines.length < maxChars) continue;
    yield { first, lines };
    first += count;
    count = 0;
    lines = '';
  }
  if (count > 0) yield { first, lines };
}
