import type { CaseFile } from './case-file.ts';
import { type Evidence, type Fault, type Life, partitionName, placeName, type Run } from './evidence.ts';

export interface DuplicateVerdict {
  /** Lives of records beyond the first: a record that another worker, or another assignment, took up again. */
  readonly count: number;
  /** What the faults had to cost at most: in flight, or ended and not yet in a commit that Kafka had. */
  readonly bound: number;
  /** Repeated though a commit covered it, or more than the bound, or than the scenario allows. */
  readonly violations: string[];
}

/** checkCommits() must have been there first: the bound rests on the commits that it saw. */
export function checkDuplicates(evidence: Evidence, file: CaseFile): DuplicateVerdict {
  const violations: string[] = [];
  let count = 0;
  for (const { place, runs, coveredMs } of file.cases.values()) {
    const repeats = repeatsOf(runs);
    count += repeats.length;
    for (const life of repeats) {
      const { worker, fromMs = 0 } = evidence.lives[life] ?? { worker: '?' };
      if (coveredMs < fromMs) violations.push(`${placeName(place)} ran again on ${worker}, a commit covered it`);
    }
  }
  const bound = exposedBy(evidence, file);
  const allowed = Math.floor(evidence.rules.maxDuplicateShare * evidence.records.length);
  if (count > bound) violations.push(`${count} duplicates, the faults explain ${bound}`);
  if (count > allowed) violations.push(`${count} duplicates, the scenario allows ${allowed}`);
  return { count, bound, violations };
}

/**
 * Lives in which the record was run again, in order. One that follows a failed attempt is none of them: it had to run
 * again, and it did so elsewhere.
 */
function repeatsOf(runs: readonly Run[]): number[] {
  const repeats = new Set<number>();
  let before: Run | undefined;
  for (const run of runs) {
    if (before !== undefined && before.life !== run.life && before.end !== 'retry') repeats.add(run.life);
    before = run;
  }
  return [...repeats];
}

/**
 * Each loss of a partition that a fault caused puts at risk what its worker had begun and no commit covered when the next
 * one took over. A loss that no fault explains puts nothing at risk: who lets a partition go in good order ends its work
 * and commits it first.
 */
function exposedBy(evidence: Evidence, file: CaseFile): number {
  const takeovers = takeoverTimes(evidence);
  let exposed = 0;
  const seen = new Set<string>();
  for (const run of evidence.runs) {
    const takenOverMs = takeovers[run.life];
    const name = `${run.life} ${placeName(run)}`;
    const coveredMs = file.at(run)?.coveredMs ?? Number.POSITIVE_INFINITY;
    if (takenOverMs === undefined || seen.has(name) || coveredMs < takenOverMs) continue;
    seen.add(name);
    exposed++;
  }
  return exposed;
}

/** By life: when the next one of its partition began, where a fault ended it. */
function takeoverTimes({ lives, faults }: Evidence): (number | undefined)[] {
  const breaking = faults.filter((fault) => fault.breaksMembers);
  const begins = new Map<string, number[]>();
  for (const life of lives) begins.set(partitionName(life), [...(begins.get(partitionName(life)) ?? []), life.fromMs]);
  for (const list of begins.values()) list.sort((one, other) => one - other);
  return lives.map((life) => {
    if (!breaking.some((fault) => endsIt(fault, life))) return undefined;
    return begins.get(partitionName(life))?.find((fromMs) => fromMs > life.fromMs);
  });
}

/** It hit after the life was last confirmed, and before it was over. */
function endsIt(fault: Fault, life: Life): boolean {
  const isAimed = fault.target === life.worker || fault.target === 'kafka';
  return isAimed && fault.atMs <= life.untilMs && fault.healedMs >= life.knownMs;
}
