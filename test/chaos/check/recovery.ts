import { type CaseFile, endedMs } from './case-file.ts';
import { type Evidence, partitionName } from './evidence.ts';

/**
 * The longest time from the end of a fault to the first task that a partition ended after it, over all partitions of
 * the first topic that had work then.
 */
export function worstRecoveryMs({ faults, rules }: Evidence, file: CaseFile): number {
  const spans = spansOf(file, rules.firstTopic);
  let worst = 0;
  for (const { healedMs } of faults) {
    for (const partition of spans.values()) {
      const waiting = partition.filter(({ fromMs, endMs }) => fromMs <= healedMs && endMs > healedMs);
      const first = waiting.reduce((least, { endMs }) => Math.min(least, endMs), Number.POSITIVE_INFINITY);
      if (Number.isFinite(first)) worst = Math.max(worst, first - healedMs);
    }
  }
  return worst;
}

function spansOf(file: CaseFile, topic: string): Map<string, { fromMs: number; endMs: number }[]> {
  const spans = new Map<string, { fromMs: number; endMs: number }[]>();
  for (const each of file.cases.values()) {
    if (each.place.topic !== topic || each.record === undefined) continue;
    const name = partitionName(each.place);
    const span = { fromMs: each.record.timestampMs, endMs: endedMs(each) };
    const list = spans.get(name);
    if (list === undefined) spans.set(name, [span]);
    else list.push(span);
  }
  return spans;
}
