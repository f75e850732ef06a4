import { messageOf, PenstockError } from '../../schemas/errors.ts';

export type Verdict = 'ok' | 'warn' | 'fail';

/** What doctor found out about one thing. */
export interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
  /** What to do next; absent where all is well. */
  readonly remedy?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, verdict: 'ok', detail });

export const warn = (check: string, detail: string, remedy: string): Finding => ({
  check,
  verdict: 'warn',
  detail,
  remedy,
});

export const fail = (check: string, detail: string, remedy: string): Finding => ({
  check,
  verdict: 'fail',
  detail,
  remedy,
});

/** `look` tells what it saw; what it throws becomes a failed check. */
export async function examine(check: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const remedy = error instanceof PenstockError ? error.remedy : 'Run again with PENSTOCK_LOG_LEVEL=debug.';
    return fail(check, messageOf(error), remedy);
  }
}
