import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { TaskRun } from './task-run.ts';

/** The end of one execution. */
export interface Completion {
  readonly run: TaskRun;
  /** null: its row was written before. */
  readonly row: Attempt | null;
  readonly outputs: readonly OutboundRecord[];
  /** Whether the record is done with; false for an attempt that will be repeated in place. */
  readonly last: boolean;
}
