import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { PenstockError } from '../../schemas/errors.ts';

/**
 * The promise's result, or an error of that code after `deadlineMs`. What was started goes on: a send given up here may
 * still reach Kafka, so to the caller its outcome is unknown, not failed.
 */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number, code: ErrorCode): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new PenstockError(code, `no answer within ${deadlineMs} ms`, { context: { deadlineMs } })),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
