import { type CaseFile, endedMs, type PlaceCase } from './case-file.ts';
import { type Evidence, placeName, type Run } from './evidence.ts';

/**
 * Tasks of one lane begin one after another, in the order of their records; and no two runs of a lane, or of one record,
 * at once on workers that could be sure of their partition.
 */
export function checkOrder(evidence: Evidence, file: CaseFile): string[] {
  const violations: string[] = [];
  for (const run of evidence.runs) {
    if (run.life < 0) violations.push(`${nameOf(run)} began on a partition that its worker did not own`);
  }
  for (const lane of lanesOf(evidence, file)) checkSequence(lane, violations);
  for (const runs of runsByLane(evidence)) checkOverlaps(runs, evidence, violations);
  return violations;
}

/** Places of each key of each keyed partition. */
function lanesOf({ rules }: Evidence, file: CaseFile): Iterable<PlaceCase[]> {
  const keyed = new Set(rules.keyedTopics);
  const lanes = new Map<string, PlaceCase[]>();
  for (const each of file.cases.values()) {
    const { topic, partition } = each.place;
    const key = each.record?.key;
    if (!keyed.has(topic) || key === null || key === undefined) continue;
    const name = `${topic}/${partition} ${key}`;
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, [each]);
    else lane.push(each);
  }
  for (const lane of lanes.values()) lane.sort((one, other) => one.place.offset - other.place.offset);
  return lanes.values();
}

function checkSequence(lane: readonly PlaceCase[], violations: string[]): void {
  for (let index = 1; index < lane.length; index++) {
    const [before, after] = [lane[index - 1], lane[index]];
    const startMs = after?.runs[0]?.startMs;
    if (before === undefined || after === undefined || startMs === undefined || startMs >= endedMs(before)) continue;
    violations.push(`${placeName(after.place)} of key ${after.record?.key} began before ${before.place.offset} ended`);
  }
}

function runsByLane({ runs, rules }: Evidence): Iterable<Run[]> {
  const keyed = new Set(rules.keyedTopics);
  const lanes = new Map<string, Run[]>();
  for (const run of runs) {
    const name = keyed.has(run.topic) ? `${run.topic}/${run.partition} ${run.key}` : placeName(run);
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, [run]);
    else lane.push(run);
  }
  for (const lane of lanes.values()) lane.sort((one, other) => one.startMs - other.startMs);
  return lanes.values();
}

function checkOverlaps(runs: readonly Run[], { lives }: Evidence, violations: string[]): void {
  const sureMs = (run: Run) => lives[run.life]?.sureUntilMs ?? Number.POSITIVE_INFINITY;
  let open: Run[] = [];
  for (const run of runs) {
    open = open.filter((other) => other.endMs > run.startMs);
    const isSure = (other: Run) => sureMs(other) > run.startMs && sureMs(run) > run.startMs;
    const other = open.find((each) => each.life === run.life || isSure(each));
    if (other !== undefined) violations.push(`${nameOf(run)} began while ${nameOf(other)} ran`);
    open.push(run);
  }
}

const nameOf = (run: Run): string => `${placeName(run)} (${run.task}, attempt ${run.attempt}, ${run.worker})`;
