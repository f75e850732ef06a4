import { describe, expect, it } from 'vitest';
import { checkEvidence, type Invariant } from './check-evidence.ts';
import type { Evidence } from './evidence.ts';
import {
  commit,
  killedEvidence,
  killOf,
  letter,
  life,
  next,
  record,
  row,
  run,
  soundEvidence,
  work,
} from './sound-evidence.ts';

const never = Number.POSITIVE_INFINITY;

/** Each invariant that is broken, with what breaks it. */
function brokenBy(change: Partial<Evidence>, evidence = soundEvidence()): Record<string, readonly string[]> {
  return Object.fromEntries(checkEvidence({ ...evidence, ...change }).violations);
}

function only(invariant: Invariant, broken: Record<string, readonly string[]>): string {
  expect(Object.keys(broken)).toEqual([invariant]);
  return (broken[invariant] ?? []).join('\n');
}

describe('checkEvidence', () => {
  const sound = soundEvidence();
  const without = <T>(list: readonly T[], index: number) => list.filter((_, at) => at !== index);

  it('finds nothing wrong with a sound run, nor with one whose worker was killed', () => {
    expect(brokenBy({})).toEqual({});
    expect(brokenBy({}, killedEvidence())).toEqual({});
    const { duplicates, duplicatesBound, lost, worstRecoveryMs } = checkEvidence(killedEvidence());
    expect({ duplicates, duplicatesBound, lost, worstRecoveryMs }).toEqual({
      ...{ duplicates: 1, duplicatesBound: 1, lost: 0, worstRecoveryMs: 85 },
    });
  });

  describe('lost', () => {
    it('a task that was acknowledged and is not in Kafka', () => {
      const submits = [...sound.submits, { id: 't9', answer: 'ok', due: 'ok' } as const];
      expect(only('lost', brokenBy({ submits }))).toMatch(/t9 was acknowledged/);
    });

    it('a task that is in Kafka, acknowledged or not, and never ended', () => {
      const broken = brokenBy({ records: [...sound.records, record(work, 3, 't3', 'other')] });
      expect(broken.lost).toContain('t3 neither finished nor is it in the dead letters');
      expect(broken.lost).toContain('p.work/0@3 (t3) has no end');
    });

    it('an output that never arrived, though its task ended well', () => {
      const gone = ({ topic, offset }: { topic: string; offset: number }) => !(topic === next && offset === 1);
      const { records, runs, rows } = sound;
      const change = { records: records.filter(gone), runs: runs.filter(gone), rows: rows.filter(gone) };
      expect(only('lost', brokenBy({ ...change, rowsInTopic: 4 }))).toMatch(/t1 neither finished/);
    });

    it('a dead letter that was never written', () => {
      expect(brokenBy({ letters: [] }).lost).toContain('t2 neither finished nor is it in the dead letters');
    });
  });

  describe('phantom', () => {
    it('a task that nobody submitted', () => {
      expect(only('phantom', brokenBy({ submits: without(sound.submits, 0) }))).toMatch(/t0 was never submitted/);
    });

    it('a task that was refused', () => {
      const submits = [{ id: 't0', answer: 'fail', due: 'ok' } as const, ...sound.submits.slice(1)];
      expect(only('phantom', brokenBy({ submits }))).toMatch(/t0 was refused/);
    });

    it('a run of a record that does not exist', () => {
      const runs = [...sound.runs, run(next, 7, 't1', 160)];
      expect(brokenBy({ runs }).phantom).toEqual(['p.next/0@7 was handled, and no such record exists']);
    });
  });

  describe('wrong end', () => {
    it('a good task in the dead letters, a bad one finished', () => {
      const due = [{ id: 't0', answer: 'ok', due: 'dead' } as const, { id: 't2', answer: 'ok', due: 'ok' } as const];
      const submits = sound.submits.map((each) => due.find(({ id }) => id === each.id) ?? each);
      expect(brokenBy({ submits })['wrong end']).toEqual([
        't0 finished, it should be in the dead letters',
        't2 is in the dead letters, it should have finished',
      ]);
    });

    it('a dead letter that is not its record', () => {
      const letters = [{ ...letter(2, 't2', 140), digest: 'another' }];
      expect(only('wrong end', brokenBy({ letters }))).toMatch(/the dead letter of p.work\/0@2/);
    });
  });

  describe('duplicates', () => {
    const killed = killedEvidence();

    it('more than the faults explain', () => {
      const found = only('duplicates', brokenBy({ faults: [] }, killed));
      expect(found).toMatch(/1 duplicates, the faults explain 0/);
    });

    it('more than the scenario allows', () => {
      const rules = { ...killed.rules, maxDuplicateShare: 0 };
      expect(only('duplicates', brokenBy({ rules }, killed))).toMatch(/the scenario allows 0/);
    });

    it('what ended and was committed before the kill is not in the bound', () => {
      const early = killed.runs.map((each) =>
        each.end === 'cut' ? { ...each, end: 'ok' as const, endMs: 120 } : each,
      );
      const commits = [commit(work, 2, 130), commit(work, 3, 250), commit(next, 2, 270)];
      const { duplicatesBound, violations } = checkEvidence({ ...killed, runs: early, commits });
      expect(duplicatesBound).toBe(0);
      expect(violations.get('duplicates')?.join()).toMatch(/@1 ran again on b, a commit covered it/);
    });

    it('a record that ran again though the metadata of a commit covered it', () => {
      const early = killed.runs.map((each) =>
        each.end === 'cut' ? { ...each, end: 'ok' as const, endMs: 120 } : each,
      );
      const above = [{ start: 1, end: 2 }];
      const commits = [commit(work, 0, 130, { above }), commit(work, 3, 250), commit(next, 2, 270)];
      expect(brokenBy({ runs: early, commits }, killed).duplicates?.join()).toMatch(/@1 ran again on b/);
    });

    it('an attempt that failed and is followed by the next one elsewhere is none', () => {
      const failed = killed.runs.map((each) =>
        each.end === 'cut' ? { ...each, end: 'retry' as const, endMs: 120 } : each,
      );
      expect(checkEvidence({ ...killed, runs: failed, faults: [] }).duplicates).toBe(0);
    });

    it('a kill of another worker explains none', () => {
      expect(brokenBy({ faults: [killOf('z', 135)] }, killed).duplicates?.join()).toMatch(/the faults explain 0/);
    });
  });

  describe('order', () => {
    it('a task that began before the one before it of its key ended', () => {
      const runs = sound.runs.map((each) =>
        each.offset === 1 && each.topic === work ? { ...each, startMs: 105 } : each,
      );
      const found = only('order', brokenBy({ runs }));
      expect(found).toMatch(/p.work\/0@1 of key k began before 0 ended/);
      expect(found).toMatch(/began while p.work\/0@0 \(t0, attempt 1, a\) ran/);
    });

    it('one record on two workers at once, each sure of its partition', () => {
      const lives = [...sound.lives, life('b', next, 140)];
      const runs = [...sound.runs, run(next, 0, 't0', 155, { worker: 'b', life: 2 })];
      const rows = [...sound.rows, row(next, 0, 't0', '0@2#0', { worker: 'b' })];
      const broken = brokenBy({ lives, runs, rows, rowsInTopic: 6 });
      expect(broken.order).toEqual(['p.next/0@0 (t0, attempt 1, b) began while p.next/0@0 (t0, attempt 1, a) ran']);
      const frozen = [life('a', work, 50), life('a', next, 50, { sureUntilMs: 152 }), life('b', next, 140)];
      expect(brokenBy({ lives: frozen, runs, rows, rowsInTopic: 6 }).order).toBeUndefined();
      const stale = [...sound.lives, life('b', next, 140, { sureUntilMs: 145 })];
      expect(brokenBy({ lives: stale, runs, rows, rowsInTopic: 6 }).order).toBeUndefined();
    });

    it('two tasks of a key side by side in one life, sure of it or not', () => {
      const lives = [life('a', work, 50, { sureUntilMs: 60, untilMs: 500 }), life('a', next, 50)];
      const runs = sound.runs.map((each) =>
        each.offset === 0 && each.topic === work ? { ...each, endMs: 115 } : each,
      );
      expect(brokenBy({ lives, runs }).order?.join()).toMatch(/@1 .* began while p.work\/0@0/);
    });

    it('a run on a partition that its worker does not own', () => {
      const runs = sound.runs.map((each) => (each.topic === next ? { ...each, life: -1 } : each));
      expect(only('order', brokenBy({ runs }))).toMatch(/began on a partition that its worker did not own/);
    });
  });

  describe('commits', () => {
    it('over a record that ended later', () => {
      const commits = [commit(work, 3, 125), commit(next, 2, 170)];
      const found = only('commits', brokenBy({ commits }));
      expect(found).toBe('p.work/0@2 (t2) was committed and ended 5 ms later');
    });

    it('whose metadata names a record that had not ended', () => {
      const commits = [
        commit(work, 1, 112, { above: [{ start: 1, end: 2 }] }),
        commit(work, 3, 150),
        commit(next, 2, 170),
      ];
      expect(only('commits', brokenBy({ commits }))).toMatch(/@1 \(t1\) was committed and ended 8 ms later/);
    });

    it('over a record that never ended', () => {
      const runs = sound.runs.map((each) =>
        each.offset === 0 ? { ...each, end: 'cut' as const, endMs: never } : each,
      );
      expect(brokenBy({ runs }).commits?.join()).toMatch(/p.work\/0@0 \(t0\) was committed and never ended/);
    });

    it('that goes back', () => {
      const commits = [...sound.commits, commit(work, 2, 180)];
      expect(only('commits', brokenBy({ commits }))).toBe('the commit of p.work/0 went back from 3 to 2');
    });
  });

  it('lag at the end', () => {
    expect(only('lag', brokenBy({ behind: ['p.work/0 at 2 of 3'] }))).toBe('p.work/0 at 2 of 3');
  });

  describe('rows', () => {
    it('a record without a final row', () => {
      const broken = brokenBy({ rows: without(sound.rows, 4), rowsInTopic: 4 });
      expect(only('rows', broken)).toMatch(/p.next\/0@1 \(t1\) has no final row/);
    });

    it('a run that ended without a row, unless its record ran again elsewhere', () => {
      const failed = run(work, 0, 't0', 90, { endMs: 95, end: 'retry' });
      const runs = [
        failed,
        ...sound.runs.map((each) => (each.offset === 0 && each.topic === work ? { ...each, attempt: 2 } : each)),
      ];
      const rows = sound.rows.map((each) =>
        each.offset === 0 && each.topic === work ? { ...each, attempt: 2 } : each,
      );
      expect(only('rows', brokenBy({ runs, rows }))).toBe('p.work/0@0 attempt 1 on a: no row');
    });

    it('none where the partition was another’s by then, though the run began last', () => {
      const late = run(work, 0, 't0', 100_000, { worker: 'z', life: 2, attempt: 1, end: 'retry' });
      const lives = [...sound.lives, life('z', work, 10)];
      expect(brokenBy({ runs: [...sound.runs, late], lives }).rows).toBeUndefined();
    });

    it('a row without a run', () => {
      const rows = [...sound.rows, row(next, 1, 't1', '0@9#0', { worker: 'z' })];
      expect(only('rows', brokenBy({ rows, rowsInTopic: 6 }))).toMatch(/has a row \(ok, attempt 1, z\) without a run/);
    });

    it('a row that is stored twice, or not at all', () => {
      expect(brokenBy({ rows: [...sound.rows, ...sound.rows.slice(0, 1)] }).rows).toEqual([
        'row 0@0#0 (t0) is stored twice',
        '6 rows in ClickHouse, 5 in the attempts topic',
      ]);
    });
  });

  it('descriptors and memory that are not given back', () => {
    const before = { heapBytes: 30_000_000, descriptors: 30 };
    const resources = [{ worker: 'a', before, after: { heapBytes: 130_000_000, descriptors: 80 } }];
    expect(only('resources', brokenBy({ resources }))).toMatch(/50 more descriptors.*\n.*95 MiB more heap/);
  });
});
