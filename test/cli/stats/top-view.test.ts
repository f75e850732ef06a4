import { expect, it } from 'vitest';
import { withoutFormat } from '../../../cli/commands/sql.ts';
import { fitScreen } from '../../../cli/stats/fit-screen.ts';
import { describeEta, describeSpan, describeTop, topLines, topQuery } from '../../../cli/stats/top-view.ts';

const pace = { inPerSecond: 1, outPerSecond: 2 };

it('shows stages that are known, and others that ran, with rates a second', () => {
  const row = {
    pipeline: 'p',
    stage: 'old',
    ok_5: '50',
    ok_60: '60',
    ok_300: '30',
    failed_5: '0',
    failed_60: '6',
    failed_300: '6',
  };
  const lines = topLines(
    [{ pipeline: 'p', stage: 'new' }],
    [{ ...row, run: [1, 2, 30, Number.NaN] }],
    (_pipeline, stage) =>
      stage === 'new'
        ? { backlog: { lag: 1_200, ...pace, trend: 'draining', etaMs: 90_000 }, inFlight: 3, workers: 1 }
        : { backlog: null, inFlight: null, workers: null },
  );
  expect(lines.map(({ stage }) => stage)).toEqual(['new', 'old']);
  expect(lines[1]).toMatchObject({ ok: [10, 1, 0.1], failed: [0, 0.1, 0.02], runP50: 1, runP95: 30 });
  const text = describeTop(lines);
  expect(text).toMatch(/p\.new .*1,200 .*90\.0 s/);
  expect(text).toMatch(/p\.old .*10 .*1\.0 .*0\.1 .*0 .*0\.1 .*<0\.1/);
  expect(describeTop([])).toBe('no stage is known');
});

it('is cut to the terminal, so that nothing wraps or scrolls', () => {
  expect(fitScreen('┌──┐\n│ab│\n└──┘\nmore', { columns: 3, rows: 4 })).toBe('┌──\n│ab\n└──');
  expect(fitScreen('one', {})).toBe('one');
});

it('leaves out the seconds whose rows are still on their way', () => {
  expect(topQuery(10_999).params).toEqual({ to: 8 });
});

it('says when a backlog is gone, or why there is no saying', () => {
  const backlog = { lag: 5, ...pace, etaMs: 3_000 };
  expect(describeEta({ ...backlog, trend: 'draining' })).toBe('3.0 s');
  expect(describeEta({ ...backlog, trend: 'growing', etaMs: null })).toBe('growing');
  expect([12, 5_500, 600_000, 7_200_000, 864_000_000].map(describeSpan)).toEqual([
    '12 ms',
    '5.5 s',
    '10 min',
    '2 h',
    '10 d',
  ]);
});

it('takes a FORMAT at the end for --format', () => {
  expect(withoutFormat('SELECT 1\nFORMAT Vertical ;')).toEqual({ sql: 'SELECT 1', format: 'Vertical' });
  expect(withoutFormat('SELECT format FROM t')).toEqual({ sql: 'SELECT format FROM t' });
});
