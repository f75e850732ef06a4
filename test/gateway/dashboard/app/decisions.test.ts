import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeEta, isBehind } from '../../../../gateway/dashboard/app/lib/backlog.ts';
import { layGraph } from '../../../../gateway/dashboard/app/lib/graph.ts';
import { matchPath } from '../../../../gateway/dashboard/app/lib/match-path.ts';
import { ratesOf } from '../../../../gateway/dashboard/app/lib/rates.ts';
import { fittingStep, readWindow, spanOfStep } from '../../../../gateway/dashboard/app/lib/window.ts';
import { unknownLoad } from '../../../../gateway/stats/stage-loads.ts';

const windowOf = (text: string) => readWindow(new URLSearchParams(text));

describe('the window of a URL', () => {
  it('is the usual one where the URL says nothing, or nonsense', () => {
    for (const text of ['', 'window=', 'window=5x', 'window=-1m', 'until=soon']) {
      expect(windowOf(text)).toEqual({ span: '15m', spanMs: 900_000, untilMs: undefined });
    }
    expect(windowOf('window=90s&until=5000')).toEqual({ span: '90s', spanMs: 90_000, untilMs: 5_000 });
  });

  it('is cut only into steps that fit, and a step brings a window that it fits', () => {
    expect(fittingStep('1s', 900_000)).toBe('1s');
    expect(fittingStep('1s', 7 * 86_400_000)).toBeUndefined();
    expect(fittingStep('1h', 900_000)).toBeUndefined();
    expect(fittingStep('7s', 900_000)).toBeUndefined();
    for (const step of ['1s', '1m', '1h', '1d']) {
      const { window = '15m' } = spanOfStep(step, windowOf('window=30d'));
      const shown = windowOf(`window=${step === '1h' || step === '1d' ? '30d' : window}`);
      expect(fittingStep(step, shown.spanMs)).toBe(step);
    }
  });
});

describe('the graph of a pipeline', () => {
  const edge = (from: string, to: string) => ({ from, to, tasks: 1 });

  it('has stages right of those that hand to them; ways back do not count', () => {
    const { nodes } = layGraph(['a', 'b', 'c', 'd'], [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('d', 'a')]);
    expect(nodes).toEqual([
      { name: 'a', column: 0, row: 0 },
      { name: 'b', column: 1, row: 0 },
      { name: 'c', column: 1, row: 1 },
      { name: 'd', column: 2, row: 0 },
    ]);
  });

  it('stands in order where nothing went anywhere', () => {
    expect(layGraph(['a', 'b'], []).nodes.map(({ column }) => column)).toEqual([0, 1]);
  });

  it('puts no two stages in one place, whatever the ways', () => {
    const stages = ['a', 'b', 'c', 'd', 'e'];
    const name = fc.constantFrom(...stages, 'gone');
    fc.assert(
      fc.property(fc.array(fc.record({ from: name, to: name, tasks: fc.nat() })), (edges) => {
        const { nodes, columns, rows } = layGraph(stages, edges);
        expect(new Set(nodes.map(({ column, row }) => `${column} ${row}`)).size).toBe(stages.length);
        expect(nodes.every(({ column, row }) => column < columns && row < rows)).toBe(true);
      }),
    );
  });
});

describe('a backlog', () => {
  const load = { ...unknownLoad, lag: 500, inPerSecond: 10, outPerSecond: 10 };

  it('warns only where more waits than ten seconds of work, and it does not shrink', () => {
    expect(isBehind({ ...load, trend: 'growing' })).toBe(true);
    expect(isBehind({ ...load, lag: 90, trend: 'growing' })).toBe(false);
    expect(isBehind({ ...load, trend: 'draining' })).toBe(false);
  });

  it('is told in words or as a time', () => {
    expect(describeEta({ ...load, lag: 0 })).toBe('idle');
    expect(describeEta({ ...load, trend: 'draining', etaMs: 5_000 })).toBe('5.00 s');
    expect(describeEta({ ...load, lag: 3, trend: 'stalled' })).toBe('steady');
    expect(describeEta({ ...load, trend: 'stalled' })).toBe('stalled');
    expect(describeEta(unknownLoad)).toBe('–');
  });
});

describe('rates', () => {
  it('leave buckets out that are not complete', () => {
    const none = [0, 0, 0, 0];
    const times = { p50: [], p90: [], p95: [], p99: [] };
    const counts = { accepted: none, expired: none, cancelled: none, skipped: none, bytes: none };
    const series = {
      stage: 's',
      ok: [10, 20, 30, 1],
      retry: [0, 5, 0, 9],
      dead: [0, 0, 5, 9],
      ...counts,
      run: times,
      wait: times,
    };
    const axis = { t: [0, 5_000, 10_000, 15_000], stepMs: 5_000, partialSince: 15_000 };
    expect(ratesOf(series, axis, '5s')).toEqual({ ok: 6, failed: 1 });
    expect(ratesOf(series, axis, '1m')).toEqual({ ok: 4, failed: 10 / 15 });
  });
});

describe('paths', () => {
  it('fit a pattern part by part, decoded', () => {
    expect(matchPath('/', '/')).toEqual({});
    expect(matchPath('/tasks/:id', '/tasks/a%2Fb')).toEqual({ id: 'a/b' });
    expect(matchPath('/tasks/:id', '/tasks/%E0%A4%A')).toEqual({ id: '%E0%A4%A' });
    expect(matchPath('/tasks/:id', '/tasks')).toBeUndefined();
    expect(matchPath('/tasks', '/tasks/a')).toBeUndefined();
  });
});
