import type { Commit, Evidence, Fault, Letter, Life, Place, Row, Run, StoredRecord } from './evidence.ts';

export const work = 'p.work';
export const next = 'p.next';
const never = Number.POSITIVE_INFINITY;

export const place = (topic: string, offset: number): Place => ({ topic, partition: 0, offset });
export const record = (topic: string, offset: number, id: string, key = 'k'): StoredRecord => ({
  ...place(topic, offset),
  ...{ id, key, timestampMs: 10, digest: `digest ${id}` },
});
export const run = (topic: string, offset: number, task: string, startMs: number, more: Partial<Run> = {}): Run => ({
  ...place(topic, offset),
  ...{ worker: 'a', task, key: 'k', attempt: 1, startMs, endMs: startMs + 10, end: 'ok', life: topic === work ? 0 : 1 },
  ...more,
});
export const row = (topic: string, offset: number, id: string, source: string, more: Partial<Row> = {}): Row => ({
  ...place(topic, offset),
  ...{ id, worker: 'a', attempt: 1, outcome: 'ok', nextStage: '', source },
  ...more,
});
export const commit = (topic: string, offset: number, atMs: number, more: Partial<Commit> = {}): Commit => ({
  ...place(topic, offset),
  ...{ above: [], atMs },
  ...more,
});
export const life = (worker: string, topic: string, fromMs: number, more: Partial<Life> = {}): Life => ({
  ...{ worker, topic, partition: 0, fromMs, knownMs: fromMs, sureUntilMs: never, untilMs: never },
  ...more,
});
export const letter = (offset: number, id: string, timestampMs: number): Letter => ({
  ...{ id, source: place(work, offset), timestampMs, digest: `digest ${id}` },
});
export const killOf = (worker: string, atMs: number): Fault => ({
  ...{ kind: 'kill -9', target: worker, atMs, healedMs: atMs, breaksMembers: true },
});

/** Three tasks of one key on one worker: two finish in the second stage, the third is a dead letter. */
export function soundEvidence(): Evidence {
  return {
    submits: [
      { id: 't0', answer: 'ok', due: 'ok' },
      { id: 't1', answer: 'ok', due: 'ok' },
      { id: 't2', answer: 'ok', due: 'dead' },
      { id: 't3', answer: 'indeterminate', due: 'ok' },
    ],
    records: [
      ...[record(work, 0, 't0'), record(work, 1, 't1'), record(work, 2, 't2')],
      ...[record(next, 0, 't0'), record(next, 1, 't1')],
    ],
    runs: [
      ...[run(work, 0, 't0', 100), run(work, 1, 't1', 110), run(work, 2, 't2', 120, { end: 'gave-up', attempt: 3 })],
      ...[run(next, 0, 't0', 150), run(next, 1, 't1', 150)],
    ],
    lives: [life('a', work, 50), life('a', next, 50)],
    letters: [letter(2, 't2', 140)],
    commits: [
      commit(work, 1, 130),
      commit(work, 1, 135, { above: [{ start: 2, end: 3 }] }),
      ...[commit(work, 3, 150), commit(next, 2, 170)],
    ],
    rows: [
      row(work, 0, 't0', '0@0#0', { nextStage: 'next' }),
      row(work, 1, 't1', '0@0#1', { nextStage: 'next' }),
      row(work, 2, 't2', '0@0#2', { outcome: 'dead', attempt: 3 }),
      ...[row(next, 0, 't0', '0@1#0'), row(next, 1, 't1', '0@1#1')],
    ],
    rowsInTopic: 5,
    faults: [],
    behind: [],
    resources: [
      {
        worker: 'a',
        before: { heapBytes: 30_000_000, descriptors: 30 },
        after: { heapBytes: 40_000_000, descriptors: 32 },
      },
    ],
    rules: { firstTopic: work, lastTopic: next, keyedTopics: [work], maxDuplicateShare: 0.5 },
  };
}

/** The same, and the worker is killed right after its last commit of work/0: `b` takes offsets 1 and 2 up again. */
export function killedEvidence(): Evidence {
  const sound = soundEvidence();
  const [first, , , ...later] = sound.runs;
  const byB = { worker: 'b', life: 2 };
  return {
    ...sound,
    runs: [
      ...(first === undefined ? [] : [first]),
      run(work, 1, 't1', 110, { end: 'cut', endMs: never }),
      run(work, 1, 't1', 210, byB),
      run(work, 2, 't2', 220, { ...byB, end: 'gave-up', attempt: 3 }),
      ...later.map((each) => ({ ...each, startMs: 250, endMs: 260 })),
    ],
    lives: [life('a', work, 50, { sureUntilMs: 135, untilMs: 135 }), ...[life('c', next, 50), life('b', work, 200)]],
    letters: [letter(2, 't2', 240)],
    commits: [commit(work, 1, 130), commit(work, 3, 250), commit(next, 2, 270)],
    rows: sound.rows.map((each) => (each.topic === work && each.offset > 0 ? { ...each, worker: 'b' } : each)),
    faults: [killOf('a', 135)],
  };
}
