import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { messageOf } from '../../schemas/errors.ts';
import type { RetryPolicy } from '../stage.ts';

/** What is left of a thrown value once it is judged. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** Asked for by the thrower; milliseconds. */
  readonly afterMs: number | undefined;
}

export type Verdict = { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'dead' };

/** The attempts table and the dead letter's header keep this much of a message; characters. */
export const messageMaxLength = 1000;
/** A task that waits in place holds its commit back; nobody may ask for more than a day. */
const maxAfterMs = 86_400_000;

/** Judges any thrown value. A PenstockError of another copy of this package counts by its shape. */
export function classifyFailure(thrown: unknown): Failure {
  const coded = thrown instanceof Error && 'code' in thrown ? thrown : undefined;
  const code = coded?.name === 'PenstockError' && isErrorCode(coded.code) ? coded.code : 'PIPE_STAGE_THREW';
  const afterMs = coded !== undefined && 'afterMs' in coded ? coded.afterMs : undefined;
  return { code, message: safeMessage(thrown), afterMs: typeof afterMs === 'number' ? afterMs : undefined };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

/** A thrown object may have a hostile message: a getter that throws, no string, a megabyte. */
function safeMessage(thrown: unknown): string {
  try {
    return String(messageOf(thrown)).slice(0, messageMaxLength);
  } catch {
    return 'the message of the thrown value could not be read';
  }
}

/**
 * Another attempt, or none. `attempt` is the one that failed, 1 for the first; what the envelope brought counts too.
 * Full jitter: anywhere between 0 and the doubled delay, so that tasks that failed together do not return together.
 * `random` gives [0, 1).
 */
export function decideRetry(
  failure: Failure,
  attempt: number,
  policy: Required<RetryPolicy>,
  random: () => number,
): Verdict {
  if (!errorCatalogue[failure.code].retryable || attempt >= policy.attempts) return { kind: 'dead' };
  const ceilingMs = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(attempt - 1, 40));
  const askedMs = failure.afterMs !== undefined && failure.afterMs > 0 ? Math.min(failure.afterMs, maxAfterMs) : 0;
  return { kind: 'retry', delayMs: Math.max(askedMs, Math.floor(random() * ceilingMs)) };
}
