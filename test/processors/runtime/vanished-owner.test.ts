import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFinished, encodeFinished } from '../../../processors/runtime/finished-offsets.ts';
import {
  judgeMark,
  markMaxLength,
  type OwnerMark,
  readMark,
  withoutMark,
  writeMark,
} from '../../../processors/runtime/owner-mark.ts';
import { done } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { RunnerBench, toNext } from './runner-bench.ts';

const marks = fc.record({
  deaths: fc.nat(999),
  owner: fc.stringMatching(/^[\w-]{1,8}$/),
  alone: fc.option(fc.nat(Number.MAX_SAFE_INTEGER)),
  accused: fc.option(fc.nat(Number.MAX_SAFE_INTEGER)),
  culprits: fc.array(fc.nat(Number.MAX_SAFE_INTEGER), { maxLength: 2 }),
});

const nobody = { accused: null, culprits: [] };
const gone = { survived: false, attempts: 3, concurrency: 16 };
const mark = (change: Partial<OwnerMark>): OwnerMark => ({ deaths: 2, owner: 'w', alone: null, ...nobody, ...change });

describe('the mark of an owner', () => {
  it('is read back, and leaves the finished offsets behind it as they are', () => {
    const runs = fc
      .uniqueArray(fc.nat(5_000), { maxLength: 50 })
      .map((starts) =>
        starts.toSorted((one, other) => one - other).map((at) => ({ start: at * 2 + 1, end: at * 2 + 2 })),
      );
    fc.assert(
      fc.property(marks, runs, (mark, finished) => {
        const text = encodeFinished(finished);
        expect(readMark(writeMark(mark) + text)).toEqual(mark);
        expect(withoutMark(writeMark(mark) + text)).toBe(text);
        expect(decodeFinished(writeMark(mark) + text)).toEqual(decodeFinished(text));
        expect(readMark(text)).toBeNull();
      }),
    );
  });

  it('is nothing in text of others', () => {
    fc.assert(fc.property(fc.string(), (text) => void readMark(text)));
    for (const text of ['', 'o', 'o1', 'o1.x', 'o1.x@', 'o1.x@y;', 'o1234.x;', `o1.${'x'.repeat(99)};`]) {
      expect(readMark(text)).toBeNull();
    }
  });

  it('counts who vanished, not who lived through it; suspects from the third on', () => {
    expect(judgeMark(null, gone)).toEqual({ deaths: 0, ...nobody, suspects: 0 });
    expect(judgeMark(mark({ deaths: 0 }), gone)).toEqual({ deaths: 1, ...nobody, suspects: 0 });
    expect(judgeMark(mark({ deaths: 1 }), gone)).toEqual({ deaths: 2, ...nobody, suspects: 64 });
    expect(judgeMark(mark({ deaths: 2 }), gone)).toEqual({ deaths: 3, ...nobody, suspects: 128 });
    expect(judgeMark(mark({ deaths: 0 }), { ...gone, attempts: 1 }).suspects).toBe(64);
    expect(judgeMark(mark({ deaths: 1 }), { ...gone, survived: true })).toEqual({ deaths: 1, ...nobody, suspects: 0 });
  });

  it('blames whom two owners in a row had alone', () => {
    expect(judgeMark(mark({ alone: 7 }), gone)).toMatchObject({ deaths: 3, accused: 7, culprits: [] });
    expect(judgeMark(mark({ alone: 7, accused: 7 }), gone)).toMatchObject({ accused: null, culprits: [7] });
    expect(judgeMark(mark({ alone: 8, accused: 7 }), gone)).toMatchObject({ accused: 8, culprits: [] });
    expect(judgeMark(mark({ accused: 7 }), gone)).toMatchObject({ accused: 7, culprits: [] });
    expect(judgeMark(mark({ alone: 6, accused: 6, culprits: [9] }), gone).culprits).toEqual([9, 6]);
    expect(judgeMark(mark({ alone: 7 }), { ...gone, attempts: 1 })).toMatchObject({ accused: null, culprits: [7] });
    expect(judgeMark(mark({ alone: 7, accused: 7 }), { ...gone, survived: true })).toMatchObject({
      deaths: 2,
      culprits: [],
    });
  });

  it('leaves room for the finished offsets', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const longest = { deaths: 999, owner: 'w'.repeat(8), alone: most, accused: most, culprits: [most, most] };
    expect(writeMark(longest).length).toBeLessThanOrEqual(markMaxLength);
  });
});

/** Workers one after another, each ended by poison as by kill -9, until all tasks are committed. Resolves with the lives it took. */
async function runUntilDone(bench: RunnerBench, total: number): Promise<number> {
  for (let lives = 1; ; lives++) {
    await bench.start({ drainMs: 50 });
    const isOver = await until('the next death, or the end', async () => {
      if (bench.broker.memberIds('p.work').length === 0) return 'died';
      const offsets = await (await bench.broker.admin()).groupOffsets('p.work', 'p.work');
      const sum = offsets.reduce((all, { committed }) => all + (committed?.offset ?? 0), 0);
      return sum === total ? 'done' : undefined;
    });
    if (isOver === 'done') return lives;
  }
}

function endProcess(bench: RunnerBench): Promise<never> {
  for (const id of bench.broker.memberIds('p.work')) bench.broker.kill(id);
  return new Promise(() => undefined);
}

describe('a task that ends its process', () => {
  for (const { partitions, ordering } of [
    { partitions: 1, ordering: 'none' },
    { partitions: 4, ordering: 'key' },
    { partitions: 3, ordering: 'partition' },
  ] as const) {
    it(`ends four at most, then it is a dead letter, and no other is (${ordering}, ${partitions})`, async () => {
      const bench = await RunnerBench.open({
        partitions,
        ordering,
        process: ({ payload }) => (payload.n === 23 ? endProcess(bench) : toNext(payload.n)),
      });
      await bench.submitMany(60);
      expect(await runUntilDone(bench, 60)).toBe(5);
      const letters = await bench.records('p.work.dlq');
      expect(letters.map((letter) => String(letter.value))).toEqual(['{"n":23}']);
      expect(JSON.parse(String(letters[0]?.headers['penstock-dead']))).toMatchObject({
        code: 'PIPE_STAGE_ENDS_WORKER',
      });
      const handedOn = new Set((await bench.records('p.next')).map((record) => JSON.parse(String(record.value)).n));
      expect(handedOn.size).toBe(59);
      expect(bench.audit.violations).toEqual([]);
    });
  }

  it('ends four at most where tasks come in batches, and its company is none the worse', async () => {
    const alone: number[] = [];
    const bench = await RunnerBench.open({
      partitions: 3,
      batch: { maxSize: 8, maxWaitMs: 5 },
      processBatch(tasks) {
        if (tasks.length === 1) alone.push(...tasks.map(({ payload }) => payload.n));
        if (tasks.some(({ payload }) => payload.n === 23)) return endProcess(bench);
        return tasks.map((each) => done(each, toNext(each.payload.n)));
      },
    });
    await bench.submitMany(60);
    expect(await runUntilDone(bench, 60)).toBe(5);
    const letters = await bench.records('p.work.dlq');
    expect(letters.map((letter) => String(letter.value))).toEqual(['{"n":23}']);
    expect(alone).toContain(23);
    expect(new Set((await bench.records('p.next')).map((record) => String(record.value))).size).toBe(59);
    expect(bench.audit.violations).toEqual([]);
  });

  it('two of them, in one stage, end four processes each at most', async () => {
    const bench = await RunnerBench.open({
      partitions: 2,
      process: ({ payload }) => ([5, 40].includes(payload.n) ? endProcess(bench) : toNext(payload.n)),
    });
    await bench.submitMany(60);
    expect(await runUntilDone(bench, 60)).toBeLessThanOrEqual(7);
    expect((await bench.records('p.work.dlq')).map((letter) => String(letter.value)).toSorted()).toEqual([
      '{"n":40}',
      '{"n":5}',
    ]);
  });

  it('is not suspected where workers leave in good order', async () => {
    const bench = await RunnerBench.open({ process: (task) => toNext(task.payload.n) });
    for (let life = 1; life <= 4; life++) {
      const worker = await bench.start();
      await bench.submitMany(5);
      await bench.committedTo(life * 5);
      await worker.stop();
      expect(readMark((await bench.committed())?.metadata ?? '')).toBeNull();
    }
  });
});

describe('a worker that stood still for longer than its session', () => {
  it('begins nothing until a commit is taken', async () => {
    const begun: number[] = [];
    const answers: (() => void)[] = [];
    const bench = await RunnerBench.open({
      concurrency: 1,
      process({ payload }) {
        begun.push(payload.n);
        if (payload.n > 0) return;
        answers.push(bench.broker.faults.holdCommits());
        const until = performance.now() + 200;
        while (performance.now() < until);
        return new Promise((resolve) => setTimeout(() => resolve(undefined), 20));
      },
    });
    await bench.submitMany(3);
    const worker = await bench.start({ sessionTimeoutMs: 100 });
    await until('the first to end', async () => ((await bench.rows()).length === 1 ? true : undefined));
    expect(worker.stats()[0]).toMatchObject({ done: 1, inFlight: 0, queued: 2 });
    expect(begun).toEqual([0]);
    for (const answer of answers) answer();
    await bench.committedTo(3);
    expect(begun).toEqual([0, 1, 2]);
  });
});
