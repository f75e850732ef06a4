import { PenstockError } from '../../../schemas/errors.ts';
import { systemCode } from '../../blobs/store-failure.ts';

/** In which part of the exchange an error arose: the same reset means another thing before and after the header. */
export type Phase = 'answer' | 'body';

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const tlsCodes = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|HOSTNAME_MISMATCH)/;

/** Translates what undici and the socket throw; ours, and aborts, pass as they are. */
export function downloadFailure(error: unknown, phase: Phase, shown: string): unknown {
  if (error instanceof PenstockError) return error;
  const code = systemCode(error) ?? 'no code';
  const options = { cause: error, context: { url: shown } };
  if (timeouts.has(code)) return new PenstockError('PIPE_DOWNLOAD_TIMEOUT', `${shown}: idle too long`, options);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new PenstockError('PIPE_DOWNLOAD_TOO_LARGE', `${shown}: the header is too large`, options);
  }
  if (tlsCodes.test(code)) return new PenstockError('PIPE_DOWNLOAD_TLS', `${shown}: ${code}`, options);
  return phase === 'body'
    ? new PenstockError('PIPE_DOWNLOAD_TRUNCATED', `${shown}: the answer was cut short (${code})`, options)
    : new PenstockError('PIPE_DOWNLOAD_UNAVAILABLE', `${shown}: no answer (${code})`, options);
}

const forbidden = new Set([401, 403, 407, 451]);
const passing = new Set([408, 425, 429]);
/** A source that says “tomorrow” is tried again sooner: retries are bounded anyway. */
const maxRetryAfterMs = 5 * 60_000;

/** Seconds or an HTTP date, as milliseconds from now, at most five minutes. */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}

/** The failure that a status stands for; call it for anything but a usable answer. */
export function statusFailure(status: number, shown: string, retryAfter: string | undefined): PenstockError {
  const message = `${shown} answered ${status}`;
  const context = { url: shown, status };
  if (status === 404 || status === 410) return new PenstockError('PIPE_DOWNLOAD_NOT_FOUND', message, { context });
  if (forbidden.has(status)) return new PenstockError('PIPE_DOWNLOAD_FORBIDDEN', message, { context });
  if (status < 500 && !passing.has(status)) return new PenstockError('PIPE_DOWNLOAD_REFUSED', message, { context });
  const afterMs = retryAfterMs(retryAfter);
  return new PenstockError('PIPE_DOWNLOAD_UNAVAILABLE', message, {
    context,
    ...(afterMs === undefined ? {} : { afterMs }),
  });
}
