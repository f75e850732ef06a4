import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReplayStart, planReplay } from '../../cli/replay/plan-replay.ts';

const facts = { partition: 0, earliest: 10, latest: 100, committed: 60 };

describe('where a replay begins', () => {
  it.each([
    ['earliest', { kind: 'earliest' }],
    ['latest', { kind: 'latest' }],
    ['0', { kind: 'offset', offset: 0 }],
    ['12345', { kind: 'offset', offset: 12_345 }],
    ['2026-01-31T10:00:00Z', { kind: 'time', ms: Date.UTC(2026, 0, 31, 10) }],
    ['2026-01-31T10:00:00', { kind: 'time', ms: Date.UTC(2026, 0, 31, 10) }],
    ['2026-01-31T12:00:00+02:00', { kind: 'time', ms: Date.UTC(2026, 0, 31, 10) }],
    ['2026-01-31', { kind: 'time', ms: Date.UTC(2026, 0, 31) }],
  ])('%s', (text, start) => {
    expect(parseReplayStart(text)).toEqual(start);
  });

  it.each(['', 'soon', '-1', '1.5', '1e3', 'Earliest', '2026-13-01', '2026-01-31 10:00', '9'.repeat(16)])(
    'refuses %j',
    (text) => {
      expect(() => parseReplayStart(text)).toThrow(expect.objectContaining({ code: 'PIPE_CLI_REPLAY_INVALID' }));
    },
  );
});

describe('the plan', () => {
  it('from the earliest runs all that is stored, what ran before again', () => {
    expect(planReplay({ kind: 'earliest' }, [facts])).toEqual([
      {
        partition: 0,
        earliest: 10,
        latest: 100,
        current: 60,
        next: 10,
        toRun: 90,
        again: 50,
        skipped: 0,
        clamped: false,
      },
    ]);
  });

  it('to the latest says what it passes over', () => {
    expect(planReplay({ kind: 'latest' }, [facts])).toMatchObject([{ next: 100, toRun: 0, again: 0, skipped: 40 }]);
  });

  it.each([
    [5, 10, true],
    [10, 10, false],
    [70, 70, false],
    [101, 100, true],
  ])('offset %i becomes %i', (offset, next, clamped) => {
    expect(planReplay({ kind: 'offset', offset }, [facts])).toMatchObject([{ next, clamped }]);
  });

  it('at a time later than every record goes to the end', () => {
    expect(planReplay({ kind: 'time', ms: 0 }, [facts])).toMatchObject([{ next: 100 }]);
    expect(planReplay({ kind: 'time', ms: 0 }, [{ ...facts, atTime: 42 }])).toMatchObject([{ next: 42 }]);
  });

  it('a group that never committed runs nothing again', () => {
    expect(planReplay({ kind: 'earliest' }, [{ ...facts, committed: null }])).toMatchObject([
      { current: null, toRun: 90, again: 0 },
    ]);
  });

  it('stays inside of what is stored, and its counts add up', () => {
    const partition = fc
      .record({
        earliest: fc.nat(1_000),
        stored: fc.nat(1_000),
        committed: fc.option(fc.nat(3_000)),
        asked: fc.nat(3_000),
      })
      .map(({ earliest, stored, committed, asked }) => ({
        facts: { partition: 0, earliest, latest: earliest + stored, committed },
        asked,
      }));
    fc.assert(
      fc.property(partition, ({ facts: one, asked }) => {
        const [move] = planReplay({ kind: 'offset', offset: asked }, [one]);
        if (!move) throw new Error('no move');
        expect(move.next).toBeGreaterThanOrEqual(one.earliest);
        expect(move.next).toBeLessThanOrEqual(one.latest);
        expect(move.toRun).toBe(one.latest - move.next);
        expect(move.again).toBeLessThanOrEqual(move.toRun);
        expect(move.again === 0 || move.skipped === 0).toBe(true);
        const position = Math.min(Math.max(one.committed ?? one.earliest, one.earliest), one.latest);
        expect(move.next + move.again - move.skipped).toBe(position);
      }),
    );
  });
});
