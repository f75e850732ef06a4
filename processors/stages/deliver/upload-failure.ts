import { PenstockError } from '../../../schemas/errors.ts';
import { retryAfterMs } from '../fetch/download-failure.ts';

const passing = new Set([408, 425, 429]);

/** For an answer that is no success; 4xx stay as they are however often one asks. */
export function uploadStatusFailure(
  status: number,
  shown: string,
  retryAfter?: string,
  cause?: unknown,
): PenstockError {
  const message = `${shown} answered ${status}`;
  const options = { cause, context: { target: shown, status } };
  if (status < 500 && !passing.has(status)) return new PenstockError('PIPE_UPLOAD_REFUSED', message, options);
  const afterMs = retryAfterMs(retryAfter);
  return new PenstockError(
    'PIPE_UPLOAD_UNAVAILABLE',
    message,
    afterMs === undefined ? options : { ...options, afterMs },
  );
}

/** For a target that gave no answer. */
export function noAnswer(shown: string, cause: unknown): PenstockError {
  const context = { target: shown };
  return new PenstockError('PIPE_UPLOAD_UNAVAILABLE', `${shown} did not answer`, { cause, context });
}

/** For a target that holds something else than was sent. */
export function differs(shown: string, what: string): PenstockError {
  return new PenstockError('PIPE_UPLOAD_CHECKSUM', `${shown} holds another ${what}`, { context: { target: shown } });
}
