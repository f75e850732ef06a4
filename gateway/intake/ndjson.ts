import { PenstockError } from '../../schemas/errors.ts';
import { isBlank } from './json-bytes.ts';

/** One line of a batch, or the fact that it was too long to keep. */
export type Line =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'too-long'; readonly sizeBytes: number };

export interface LineLimits {
  readonly maxLineBytes: number;
  /** Lines handed out at once; bounds what is parsed between two turns of the event loop. */
  readonly maxLines: number;
  /** Bytes handed out at once. */
  readonly maxChunkBytes: number;
  /** Bytes of the whole body, decompressed. Default: no limit. */
  readonly maxBodyBytes?: number;
}

const newline = 0x0a;

/**
 * Groups of the non-blank lines of an NDJSON body. Memory: one chunk of the stream, one group, one line. Throws
 * PIPE_GATEWAY_BATCH_TOO_LARGE.
 */
export async function* linesOf(body: AsyncIterable<Buffer>, limits: LineLimits): AsyncGenerator<Line[]> {
  const cutter = new LineCutter(limits.maxLineBytes);
  let group: Line[] = [];
  let groupBytes = 0;
  let bodyBytes = 0;
  const { maxBodyBytes = Number.POSITIVE_INFINITY } = limits;
  for await (const chunk of body) {
    bodyBytes += chunk.length;
    if (bodyBytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
    for (const line of cutter.push(chunk)) {
      group.push(line);
      groupBytes += line.kind === 'line' ? line.bytes.length : 0;
      if (group.length < limits.maxLines && groupBytes < limits.maxChunkBytes) continue;
      yield group;
      group = [];
      groupBytes = 0;
    }
  }
  cutter.end(group);
  if (group.length > 0) yield group;
}

const tooLarge = (limit: number): PenstockError =>
  new PenstockError('PIPE_GATEWAY_BATCH_TOO_LARGE', `more than ${limit} bytes in one request`);

/** Cuts chunks at newlines; of a line beyond the limit only the length is kept. */
class LineCutter {
  private parts: Buffer[] = [];
  private sizeBytes = 0;
  private readonly maxLineBytes: number;

  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.keep(chunk.subarray(start, end));
      this.end(lines);
      start = end + 1;
    }
    this.keep(chunk.subarray(start));
    return lines;
  }

  /** Adds what was kept, as a line. */
  end(lines: Line[]): void {
    const { sizeBytes, parts } = this;
    const [first] = parts;
    if (sizeBytes > this.maxLineBytes) lines.push({ kind: 'too-long', sizeBytes });
    else if (first) {
      const bytes = parts.length === 1 ? first : Buffer.concat(parts);
      if (!isBlank(bytes)) lines.push({ kind: 'line', bytes });
    }
    this.sizeBytes = 0;
    if (parts.length > 0) this.parts = [];
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.sizeBytes += part.length;
    if (this.sizeBytes > this.maxLineBytes) this.parts = [];
    else this.parts.push(part);
  }
}
