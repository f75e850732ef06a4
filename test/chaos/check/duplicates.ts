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
    const lives = livesOf(runs);
    count += Math.max(0, lives.length - 1);
    for (const life of lives.slice(1)) {
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

/** In order of their first run of the record. */
function livesOf(runs: readonly Run[]): number[] {
  return [...new Set(runs.map((run) => run.life))];
}

/** Each loss of a partition puts at risk what its worker had begun and Kafka's commits did not cover when it happened. */
function exposedBy(evidence: Evidence, file: CaseFile): number {
  const losses = lossTimes(evidence);
  let exposed = 0;
  const seen = new Set<string>();
  for (const run of evidence.runs) {
    const atMs = losses[run.life];
    if (atMs === undefined) continue;
    const name = `${run.life} ${placeName(run)}`;
    const coveredMs = file.at(run)?.coveredMs ?? Number.POSITIVE_INFINITY;
    if (seen.has(name) || coveredMs <= atMs) continue;
    seen.add(name);
    exposed++;
  }
  return exposed;
}

/**
 * When each life was put at risk by a fault, if it was: of its worker, or of the broker. A loss that no fault explains
 * costs nothing: who lets a partition go in good order has to end its work and to commit it first.
 */
function lossTimes({ lives, faults }: Evidence): (number | undefined)[] {
  const breaking = faults.filter((fault) => fault.breaksMembers);
  return lives.map((life) => {
    if (life.untilMs === Number.POSITIVE_INFINITY) return undefined;
    const guilty = breaking.filter((fault) => isGuilty(fault, life));
    return guilty.length === 0 ? undefined : Math.min(...guilty.map(({ atMs }) => Math.max(atMs, life.fromMs)));
  });
}

function isGuilty(fault: Fault, life: Life): boolean {
  const isAimed = fault.target === life.worker || fault.target === 'kafka';
  return isAimed && fault.atMs <= life.untilMs && fault.healedMs >= life.fromMs;
}

/** For the report: how many records each partition ran again. */
export function repeatsByPartition(file: CaseFile): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { place, runs } of file.cases.values()) {
    const more = livesOf(runs).length - 1;
    if (more > 0) counts.set(partitionName(place), (counts.get(partitionName(place)) ?? 0) + more);
  }
  return counts;
}
