import { createHash } from 'node:crypto';
import { PenstockError } from '../../../schemas/errors.ts';
import { downloadFailure } from './download-failure.ts';
import type { FetchedSource } from './fetch-source.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** Lower-case hex; null: not checked. */
  readonly sha256: string | null;
}

function tooLarge(source: FetchedSource, maxBytes: number): PenstockError {
  const context = { url: source.shown, maxBytes };
  return new PenstockError('PIPE_DOWNLOAD_TOO_LARGE', `${source.shown}: more than ${maxBytes} bytes`, { context });
}

/**
 * A whole answer with a wrong hash is the wrong file: TCP and TLS let no such damage pass, so another try would fetch the
 * same. An answer ended by closing may lack its tail; then it is worth another try.
 */
function checkHash(source: FetchedSource, declared: string | null, actual: string | undefined): void {
  if (declared === null || declared === actual) return;
  const context = { url: source.shown, declared, actual: actual ?? '' };
  throw source.isFramed
    ? new PenstockError('PIPE_DOWNLOAD_CHECKSUM', `${source.shown}: sha256 is ${actual}`, { context })
    : new PenstockError('PIPE_DOWNLOAD_TRUNCATED', `${source.shown}: sha256 differs, perhaps cut short`, { context });
}

/** The bytes of an answer. Fails before its end when too many, too few, or not those declared: a put then leaves nothing. */
export async function* checkedBody(source: FetchedSource, limits: BodyLimits): AsyncGenerator<Buffer> {
  if ((source.lengthBytes ?? 0) > limits.maxBytes) throw tooLarge(source, limits.maxBytes);
  const hash = limits.sha256 === null ? undefined : createHash('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of source.body) {
      const bytes: Buffer = chunk;
      sizeBytes += bytes.length;
      if (sizeBytes > limits.maxBytes) throw tooLarge(source, limits.maxBytes);
      hash?.update(bytes);
      yield bytes;
    }
  } catch (error) {
    throw downloadFailure(error, 'body', source.shown);
  }
  if (source.lengthBytes !== undefined && sizeBytes !== source.lengthBytes) {
    const message = `${source.shown}: ${sizeBytes} of ${source.lengthBytes} bytes`;
    throw new PenstockError('PIPE_DOWNLOAD_TRUNCATED', message, { context: { url: source.shown } });
  }
  checkHash(source, limits.sha256, hash?.digest('hex'));
}
