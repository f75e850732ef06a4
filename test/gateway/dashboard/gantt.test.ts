import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, maxBars } from '../../../gateway/dashboard/app/lib/gantt.ts';
import { stepsOf, type TaskStep } from '../../../gateway/dashboard/app/lib/task-steps.ts';

const step = (changes: Partial<TaskStep>): TaskStep => ({
  ...{ at: 1_000, stage: 'work', outcome: 'ok', attempt: 1, queueMs: 0, runMs: 0, worker: 'w', place: 'p.work/0/1' },
  ...{ errorCode: '', errorMessage: '', nextStage: undefined, progress: undefined, note: undefined },
  ...changes,
});

describe('the lines of a task', () => {
  it('has a wait and a run for each attempt, on one axis from the submission on', () => {
    const steps = [
      step({ outcome: 'accepted', at: 0 }),
      step({ at: 400, queueMs: 100, runMs: 300, nextStage: 'end' }),
      step({ at: 1_000, stage: 'end', place: 'p.end/0/1', queueMs: 200, runMs: 400 }),
    ];
    const { beginMs, lengthMs, bars } = layOut(steps, true, 99_999);
    expect({ beginMs, lengthMs }).toEqual({ beginMs: 0, lengthMs: 1_000 });
    expect(bars.map(({ stage, left, queue, run }) => [stage, left, queue, run])).toEqual([
      ['work', 0, 0.1, 0.3],
      ['end', 0.4, 0.2, 0.4],
    ]);
  });

  it('waits for the next attempt in its place from the end of the one before it', () => {
    const steps = [
      step({ outcome: 'retry', at: 300, queueMs: 100, runMs: 200 }),
      step({ attempt: 2, at: 1_000, queueMs: 100, runMs: 100 }),
    ];
    expect(layOut(steps, true, 5_000).bars[1]).toMatchObject({ queueMs: 600, runMs: 100 });
  });

  it('draws what runs up to now, once, and forgets it when the attempt has ended', () => {
    const running = [50, 100].map((at) => step({ outcome: 'running', at, runMs: at, progress: at / 200 }));
    expect(layOut(running, false, 200).bars).toMatchObject([{ outcome: 'running', runMs: 200, progress: 0.5 }]);
    const ended = [...running, step({ at: 300, runMs: 300 })];
    expect(layOut(ended, true, 400).bars).toMatchObject([{ outcome: 'ok', runMs: 300 }]);
  });

  it('draws the wait for the stage that comes next while it is not over', () => {
    const steps = [step({ at: 100, runMs: 100, nextStage: 'end' })];
    expect(layOut(steps, false, 400).bars.at(-1)).toMatchObject({ stage: 'end', outcome: 'queued', queueMs: 300 });
    expect(layOut(steps, true, 400).bars).toHaveLength(1);
  });

  it('draws so many and counts the rest', () => {
    const steps = Array.from({ length: maxBars + 7 }, (_, index) => step({ at: index, place: `p.work/0/${index}` }));
    const { bars, left } = layOut(steps, true, 0);
    expect([bars.length, left]).toEqual([maxBars, 7]);
  });

  it('keeps every bar on the axis, whatever the clocks of workers say', () => {
    const time = fc.integer({ min: 0, max: 1e6 });
    const outcome = fc.constantFrom('accepted', 'running', 'ok', 'retry', 'dead');
    const any = fc.record({ at: time, queueMs: time, runMs: time, outcome, attempt: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(any), fc.boolean(), time, (list, isOver, now) => {
        for (const { left, queue, run } of layOut(list.map(step), isOver, now).bars) {
          expect(Math.min(left, queue, run)).toBeGreaterThanOrEqual(0);
          expect(left + queue + run).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });
});

describe('the steps of a task', () => {
  const entry = { ...step({}), time: '2026-01-01T00:00:00.000Z', topic: 'p.work', partition: 0, offset: 1 };
  const event = {
    ...{ id: 't', pipeline: 'p', stage: 'work', outcome: 'ok', attempt: 1 },
    ...{ queueMs: 0, runMs: 0 },
  };

  it('are told once, by the history or live', () => {
    const live = { ...event, worker: 'w', time: entry.time, place: 'p.work/0/1' };
    const { nextStage, progress, note, ...plain } = entry;
    expect(stepsOf([plain], [live, { ...live, place: 'p.work/0/2' }])).toHaveLength(2);
    expect(stepsOf([], [live])).toMatchObject([{ errorCode: '', at: Date.UTC(2026, 0, 1) }]);
  });
});
