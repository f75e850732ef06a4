import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { PenstockError } from '../../schemas/errors.ts';

export interface Measured {
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface Meter {
  /** Throws PIPE_BLOB_TOO_LARGE past maxBytes. */
  add(chunk: Buffer): void;
  /** Of what was added so far. */
  measured(): Measured;
}

/** Size and sha256 in the same pass in which the bytes are written. */
export function createMeter(maxBytes = Number.POSITIVE_INFINITY): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    add(chunk) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) {
        throw new PenstockError('PIPE_BLOB_TOO_LARGE', `more than ${maxBytes} bytes`, { context: { maxBytes } });
      }
      hash.update(chunk);
    },
    measured: () => ({ sizeBytes, sha256: hash.copy().digest('hex') }),
  };
}

/** Passes bytes on unchanged, and fails where the meter throws. */
export function meterStream(meter: Meter): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        meter.add(chunk);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}
