import { definedFields } from '../../gateway/defined-fields.ts';
import type { TaskOptions } from '../../gateway/intake/task-record.ts';
import type { WholeEnding } from '../../gateway/watching/whole-task.ts';

export interface SubmitFlags {
  readonly stage?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly notBefore?: number;
  readonly expiresAt?: number;
  readonly idempotencyKey?: string;
  readonly wait?: true;
  readonly timeout: number;
  readonly module?: readonly string[];
  readonly json?: true;
}

export interface SubmitResult {
  readonly accepted: number;
  readonly rejected: readonly { index: number; code: string; message: string }[];
  readonly ids: readonly string[];
  /** How the one task ended, and what it came to; only where it was waited for. */
  readonly ending?: WholeEnding;
  /** Final state by id; only where it was waited for. */
  readonly states?: Readonly<Record<string, string>>;
}

/** What the flags say of every task. */
export function taskOptionsOf(flags: SubmitFlags): TaskOptions {
  const { key, tenant, notBefore, expiresAt } = flags;
  return definedFields({ source: 'cli', key, tenant, notBefore, expiresAt });
}
