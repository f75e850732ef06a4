import type { Attempt } from '../../schemas/generated/attempt-batch.ts';
import type { Completion } from './completion.ts';

/** Rows of one attempt record. */
export interface RowBatch {
  /** Where the tasks were read from: the stage's topic, or one of its retry topics. */
  readonly topic: string;
  readonly rows: readonly Attempt[];
}

/** About 150 KB; long messages count extra. */
const rowsPerRecord = 1_000;
const messageCharsPerRecord = 256 * 1024;

interface OpenBatch {
  readonly topic: string;
  readonly rows: Attempt[];
  chars: number;
}

/** Rows in the order of their ends, those of each topic apart, cut where a record would grow large. */
export function batchRows(completions: readonly Completion[]): readonly RowBatch[] {
  const batches: OpenBatch[] = [];
  const open = new Map<string, OpenBatch>();
  for (const { run, row } of completions) {
    if (row === null) continue;
    const { topic } = run.share;
    let batch = open.get(topic);
    if (batch === undefined || batch.rows.length >= rowsPerRecord || batch.chars >= messageCharsPerRecord) {
      batch = { topic, rows: [], chars: 0 };
      open.set(topic, batch);
      batches.push(batch);
    }
    batch.rows.push(row);
    batch.chars += row.errorMessage.length + (row.attrs.result?.length ?? 0);
  }
  return batches;
}
