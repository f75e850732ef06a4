import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ClickHouseFault, notImplementedFault } from './fault.ts';

const gunzipAsync = promisify(gunzip);

/** Bytes of one body, as sent and once decoded. A batch of the sink has about 5 MB. */
const maxBodyBytes = 64 << 20;
/** Bytes of all bodies held at once. */
const maxHeldBytes = 512 << 20;

const tooLarge = (): ClickHouseFault =>
  new ClickHouseFault(307, 'TOO_MANY_BYTES', `The body exceeds ${maxBodyBytes} bytes; send smaller batches`);

export interface HeldBody {
  readonly bytes: Buffer;
  /** Gives its share of the common budget back. */
  release(): void;
}

export interface BodyBudget {
  read(request: IncomingMessage): Promise<HeldBody>;
}

/** Reads bodies within a limit each and a limit for all; gzip is undone within the same limits. */
export function createBodyBudget(): BodyBudget {
  let heldBytes = 0;

  function hold(bytes: number): void {
    heldBytes += bytes;
    if (heldBytes <= maxHeldBytes) return;
    throw new ClickHouseFault(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', 'Too many bodies are in memory; try again');
  }

  async function collect(request: IncomingMessage, count: (bytes: number) => void): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let total = 0;
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) continue;
      total += chunk.length;
      if (total > maxBodyBytes) throw tooLarge();
      count(chunk.length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, total);
  }

  return {
    async read(request) {
      let own = 0;
      const count = (bytes: number) => {
        own += bytes;
        hold(bytes);
      };
      const release = () => {
        heldBytes -= own;
        own = 0;
      };
      try {
        const raw = await collect(request, count);
        const bytes = await decode(raw, request.headers['content-encoding']);
        count(bytes.length);
        return { bytes, release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

async function decode(raw: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return raw;
  if (encoding !== 'gzip')
    throw notImplementedFault(`Content-Encoding ${encoding.slice(0, 40)} is not read here; use gzip`);
  try {
    return await gunzipAsync(raw, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new ClickHouseFault(354, 'ZLIB_INFLATE_FAILED', 'inflate failed: the body is no valid gzip');
  }
}
