import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { messageOf } from '../../schemas/errors.ts';
import { parseDelay } from '../retry-delay.ts';
import type { RetryPolicy } from '../stage.ts';

/** What is left of a thrown value once it is judged. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** Asked for by the thrower; milliseconds. */
  readonly afterMs: number | undefined;
}

/** What is known of the task when it failed. */
export interface TaskHistory {
  /** The attempt that failed; 1 for the first, and what the envelope brought counts too. */
  readonly attempt: number;
  /** How often its stage put it back before. */
  readonly requeued: number;
  /** How long it has run and waited in this process, from its first execution here. */
  readonly heldMs: number;
}

export type Verdict =
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** Out of the process, over whichever retry topic fits: it would hold the commit back for too long. */
  | { readonly kind: 'move'; readonly delayMs: number }
  /** By way of a retry topic; `index` into policy.delayed. */
  | { readonly kind: 'delay'; readonly index: number; readonly delayMs: number }
  /** To the end of the queue; no attempt is counted. */
  | { readonly kind: 'requeue'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly failure: Failure };

/** The attempts table and the dead letter's header keep this much of a message; characters. */
export const messageMaxLength = 1000;
/** Nobody may ask for more than a day: a record must outlive its delay and any backlog behind it. */
const maxAfterMs = 86_400_000;
/**
 * A task that has run and waited for so long, or would, stays no longer in memory: the commit of its partition waits for
 * it. As long as the standing delay, so that what is moved always has a topic whose delay it outlasts.
 */
export const maxHoldMs = 60_000;
const maxRequeues = 10_000;

/** Judges any thrown value. A PenstockError of another copy of this package counts by its shape. Never throws. */
export function classifyFailure(thrown: unknown): Failure {
  try {
    return judge(thrown);
  } catch {
    return { code: 'PIPE_STAGE_THREW', message: unreadable, afterMs: undefined };
  }
}

/** Of a Proxy, and of an error whose getters throw. */
const unreadable = 'the message of the thrown value could not be read';

function judge(thrown: unknown): Failure {
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
    return unreadable;
  }
}

/**
 * Another attempt in place, one after a delay, or none. Nothing but `history` is remembered: a task runs `attempts` times,
 * then so many times after each delay, and where in that row it stands follows from the number alone. Who asks for more
 * than the longest wait in place goes to the shortest delay that is no shorter, where there is one; it costs an attempt
 * like any other. Full jitter in place: anywhere between 0 and the doubled delay, so that tasks that failed together do
 * not return together. `random` gives [0, 1).
 */
export function decideRetry(
  failure: Failure,
  history: TaskHistory,
  policy: Required<RetryPolicy>,
  random: () => number,
): Verdict {
  const askedMs = failure.afterMs !== undefined && failure.afterMs > 0 ? Math.min(failure.afterMs, maxAfterMs) : 0;
  if (failure.code === 'PIPE_STAGE_REQUEUED') return decideRequeue(failure, history, askedMs);
  const { attempts, firstDelayMs, maxDelayMs, delayed } = policy;
  const { attempt, heldMs } = history;
  const isLast = attempt >= attempts * (delayed.length + 1);
  if (!errorCatalogue[failure.code].retryable || isLast) return { kind: 'dead', failure };
  const delaysMs = delayed.map(parseDelay);
  const enough = delaysMs.findIndex((delayMs) => delayMs >= askedMs);
  if (enough >= 0 && askedMs > maxDelayMs) return delayAt(enough, delaysMs, askedMs);
  if (delaysMs.length > 0 && attempt % attempts === 0) {
    const turn = Math.ceil(attempt / attempts) - 1;
    return delayAt(enough < 0 ? delaysMs.length - 1 : Math.max(turn, enough), delaysMs, askedMs);
  }
  const ceilingMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min((attempt - 1) % attempts, 40));
  const delayMs = Math.max(askedMs, Math.floor(random() * ceilingMs));
  return { kind: heldMs + delayMs > maxHoldMs ? 'move' : 'retry', delayMs };
}

function delayAt(index: number, delaysMs: readonly number[], askedMs: number): Verdict {
  return { kind: 'delay', index, delayMs: Math.max(delaysMs[index] ?? 0, askedMs) };
}

function decideRequeue(failure: Failure, { requeued }: TaskHistory, delayMs: number): Verdict {
  if (requeued < maxRequeues) return { kind: 'requeue', delayMs };
  return { kind: 'dead', failure: { ...failure, code: 'PIPE_STAGE_REQUEUE_LIMIT' } };
}
