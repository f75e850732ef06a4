import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markStepFor, markStepsMs, timeMarks } from '../../../gateway/dashboard/app/lib/time-marks.ts';

const zoneBefore = process.env.TZ;
const hourMs = 3_600_000;

describe('the marks of a time axis', () => {
  beforeEach(() => {
    process.env.TZ = 'Europe/Berlin';
  });
  afterEach(() => {
    if (zoneBefore === undefined) delete process.env.TZ;
    else process.env.TZ = zoneBefore;
  });

  it('stand at whole steps of the clock in UTC', () => {
    const from = Date.UTC(2026, 0, 1, 10, 3);
    expect(timeMarks(from, from + hourMs, hourMs / 2, 'UTC')).toEqual([
      Date.UTC(2026, 0, 1, 10, 30),
      Date.UTC(2026, 0, 1, 11),
    ]);
  });

  it('stand at midnight of the zone, also on days that are longer', () => {
    const from = new Date(2026, 9, 24).getTime();
    const marks = timeMarks(from, from + 4 * 24 * hourMs, 24 * hourMs, 'local');
    expect(marks.map((ms) => [new Date(ms).getDate(), new Date(ms).getHours()])).toEqual([
      [24, 0],
      [25, 0],
      [26, 0],
      [27, 0],
    ]);
  });

  it('are as many as there is room for, and never none where a step fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5_000, max: 30 * 24 * hourMs }), fc.integer({ min: 2, max: 20 }), (span, room) => {
        const marks = timeMarks(1_700_000_000_123, 1_700_000_000_123 + span, markStepFor(span, room), 'UTC');
        expect(marks.length).toBeLessThanOrEqual(room + 1);
        expect(new Set(marks).size).toBe(marks.length);
      }),
    );
    expect(markStepsMs).toEqual([...markStepsMs].sort((a, b) => a - b));
  });
});
