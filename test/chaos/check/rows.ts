import type { CaseFile, PlaceCase } from './case-file.ts';
import { type Evidence, type Life, placeName, type Row, type Run } from './evidence.ts';

/**
 * ClickHouse tells what the ledger tells: a final row for each record, a row for each run that ended unless the record
 * ran again, no row without its run, and none twice.
 */
export function checkRows(evidence: Evidence, file: CaseFile): string[] {
  const violations: string[] = [];
  checkUnique(evidence.rows, violations);
  const { rowsInTopic, rows } = evidence;
  if (rowsInTopic !== undefined && rowsInTopic !== rows.length) {
    violations.push(`${rows.length} rows in ClickHouse, ${rowsInTopic} in the attempts topic`);
  }
  for (const each of file.cases.values()) checkPlace(each, evidence.lives, violations);
  return violations;
}

function checkUnique(rows: readonly Row[], violations: string[]): void {
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(row.source)) violations.push(`row ${row.source} (${row.id}) is stored twice`);
    seen.add(row.source);
  }
}

function checkPlace({ place, record, runs, rows }: PlaceCase, lives: readonly Life[], violations: string[]): void {
  const name = placeName(place);
  if (record !== undefined && !rows.some(isFinalRow)) violations.push(`${name} (${record.id}) has no final row`);
  const beganMs = (run: Run): number => lives[run.life]?.fromMs ?? 0;
  // By its owner, not by its time: one that had lost the partition and did not know it may have run the record last.
  const newestMs = Math.max(...runs.map(beganMs));
  for (const run of runs) {
    if (run.end === 'aborted' || run.end === 'cut' || beganMs(run) < newestMs) continue;
    if (!rows.some((row) => tells(row, run)))
      violations.push(`${name} attempt ${run.attempt} on ${run.worker}: no row`);
  }
  for (const row of rows) {
    // Unreadable, or given up for what became of its workers: nobody ran it then.
    if (row.outcome === 'dead' && runs.every((run) => run.end === 'cut')) continue;
    if (row.outcome === 'expired' || runs.some((run) => tells(row, run))) continue;
    violations.push(`${name} has a row (${row.outcome}, attempt ${row.attempt}, ${row.worker}) without a run`);
  }
}

/** A retry whose next stage is named went to a delay: its record is done with. */
const isFinalRow = (row: Row): boolean => row.outcome !== 'retry' || row.nextStage !== '';

function tells(row: Row, run: Run): boolean {
  if (row.attempt !== run.attempt || row.worker !== run.worker) return false;
  if (row.outcome === 'ok') return run.end === 'ok';
  // Its outputs were refused for good after it returned, or it failed.
  return row.outcome === 'dead' || run.end === 'retry' || run.end === 'gave-up';
}
