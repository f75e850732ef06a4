import type { TaskResult } from '../stage.ts';

export interface BatchResults<Member> {
  /** Not in it: the handler gave no result for the task. */
  readonly answers: ReadonlyMap<Member, Answer>;
  /** Results for foreign tasks, second results for one task, and what is no result. */
  readonly ignored: number;
}

export type Answer =
  | { readonly kind: 'done'; readonly outputs: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Sorts out what processBatch returned: anything. Results are told apart by the task object that was handed in, since
 * ids may be there twice; the first one for a task counts. Throws what the values throw when they are looked at.
 */
export function readBatchResults<Member>(
  returned: unknown,
  members: ReadonlyMap<unknown, Member>,
): BatchResults<Member> {
  const answers = new Map<Member, Answer>();
  if (!Array.isArray(returned)) return { answers, ignored: returned === undefined ? 0 : 1 };
  let ignored = 0;
  for (const each of returned) {
    const member = isResult(each) ? members.get(each.task) : undefined;
    if (!isResult(each) || member === undefined || answers.has(member)) ignored++;
    else answers.set(member, answerOf(each));
  }
  return { answers, ignored };
}

function isResult(value: unknown): value is TaskResult {
  return typeof value === 'object' && value !== null && 'task' in value && ('error' in value || 'outputs' in value);
}

/** Where both are there, an error is never passed over. */
function answerOf(result: TaskResult): Answer {
  const isDone = 'outputs' in result && result.error === undefined;
  return isDone ? { kind: 'done', outputs: result.outputs } : { kind: 'failed', error: result.error };
}
