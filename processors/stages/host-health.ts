import { PenstockError } from '../../schemas/errors.ts';
import type { HostVerdict } from '../middleware/breaker.ts';

const failures = new Set(['PIPE_DOWNLOAD_UNAVAILABLE', 'PIPE_DOWNLOAD_TIMEOUT', 'PIPE_UPLOAD_UNAVAILABLE']);

/** What an error says of the host: 5xx, no connection and timeouts speak against it; a 404 or 429 shows that it lives. */
export function judgeHost(error: unknown): HostVerdict {
  if (!(error instanceof PenstockError) || error.code.startsWith('PIPE_STAGE_')) return 'unknown';
  if (!failures.has(error.code)) return 'healthy';
  const { status } = error.context;
  return typeof status === 'number' && status < 500 ? 'healthy' : 'failed';
}
