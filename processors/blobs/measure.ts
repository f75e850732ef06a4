import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { PenstockError } from '../../schemas/errors.ts';

export interface Measured {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Meter {
  /** Passes bytes on unchanged; fails with PIPE_BLOB_TOO_LARGE past maxBytes. */
  readonly stream: Transform;
  /** Valid once the stream has ended. */
  measured(): Measured;
}

/** Size and sha256 in the same pass in which the bytes are written. */
export function createMeter(maxBytes = Number.POSITIVE_INFINITY): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        done(new PenstockError('PIPE_BLOB_TOO_LARGE', `more than ${maxBytes} bytes`, { context: { maxBytes } }));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, measured: () => ({ sizeBytes, sha256: hash.copy().digest('hex') }) };
}
