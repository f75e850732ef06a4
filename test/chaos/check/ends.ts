import { type CaseFile, endedMs } from './case-file.ts';
import { type Due, type Evidence, placeName } from './evidence.ts';

export interface EndsVerdict {
  readonly lost: string[];
  readonly phantom: string[];
  /** A wrong end, or a dead letter that is not its record. */
  readonly wrong: string[];
}

interface Fate {
  stored: boolean;
  finished: boolean;
  buried: boolean;
}

/** Each task that was acknowledged, or that stands in Kafka, has its right end; nothing else has any. */
export function checkEnds(evidence: Evidence, file: CaseFile): EndsVerdict {
  const verdict: EndsVerdict = { lost: [], phantom: [], wrong: [] };
  const fates = gatherFates(evidence);
  const known = new Set<string>();
  for (const { id, answer, due } of evidence.submits) {
    const fate = fates.get(id);
    known.add(id);
    if (answer === 'fail') {
      if (fate !== undefined) verdict.phantom.push(`${id} was refused, and yet it is there`);
    } else if (fate === undefined || !fate.stored) {
      if (answer === 'ok') verdict.lost.push(`${id} was acknowledged and is not in ${evidence.rules.firstTopic}`);
    } else judge(id, fate, due, verdict);
  }
  for (const id of fates.keys()) if (!known.has(id)) verdict.phantom.push(`${id} was never submitted`);
  checkRecords(file, verdict);
  return verdict;
}

function gatherFates({ records, runs, letters, rules }: Evidence): Map<string, Fate> {
  const fates = new Map<string, Fate>();
  const fateOf = (id: string): Fate => {
    const fate = fates.get(id) ?? { stored: false, finished: false, buried: false };
    fates.set(id, fate);
    return fate;
  };
  for (const { id, topic } of records) {
    const fate = fateOf(id);
    if (topic === rules.firstTopic) fate.stored = true;
  }
  for (const run of runs) {
    const fate = fateOf(run.task);
    if (run.topic === rules.lastTopic && run.end === 'ok') fate.finished = true;
  }
  for (const { id } of letters) fateOf(id).buried = true;
  return fates;
}

function judge(id: string, { finished, buried }: Fate, due: Due, { lost, wrong }: EndsVerdict): void {
  if (!finished && !buried) lost.push(`${id} neither finished nor is it in the dead letters`);
  else if (due === 'ok' && buried) wrong.push(`${id} is in the dead letters, it should have finished`);
  else if (due === 'dead' && finished) wrong.push(`${id} finished, it should be in the dead letters`);
}

function checkRecords(file: CaseFile, { lost, phantom, wrong }: EndsVerdict): void {
  for (const each of file.cases.values()) {
    const { record, letters, place } = each;
    if (record === undefined) phantom.push(`${placeName(place)} was handled, and no such record exists`);
    else if (endedMs(each) === Number.POSITIVE_INFINITY) lost.push(`${placeName(place)} (${record.id}) has no end`);
    const spoilt = letters.find(({ digest }) => record !== undefined && digest !== record.digest);
    if (spoilt !== undefined) wrong.push(`the dead letter of ${placeName(place)} (${spoilt.id}) is not its record`);
  }
}
