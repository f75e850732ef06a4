import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Query, Row } from '../../../gateway/history/queries.ts';
import { backlogOf, ratesByTopic } from '../../../gateway/stats/lag-trend.ts';
import { renderSql } from '../../../gateway/stats/render-sql.ts';
import { shareReads } from '../../../gateway/stats/shared-reader.ts';
import { bucketsOf, partialSince, readSpan, readWindow, rollUpFor } from '../../../gateway/stats/stats-window.ts';
import { emptyStore, openGateway } from '../open-gateway.ts';

const now = Date.UTC(2026, 5, 1, 12, 0, 30, 500);

describe('a window', () => {
  it('is whole buckets, as many as asked for, of which the newest holds the present', () => {
    const spans = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.constantFrom('s', 'm', 'h', 'd'));
    fc.assert(
      fc.property(
        spans,
        fc.integer({ min: 1, max: 3_600 }),
        fc.nat(4_000_000_000_000),
        ([count, unit], many, nowMs) => {
          const step = `${count}${unit}`;
          const stepMs = readSpan('step', step);
          fc.pre(stepMs * many <= 86_400_000 * 3_650 && stepMs * many < nowMs);
          const span = `${count * many}${unit}`;
          fc.pre(span.length <= 7);
          const window = readWindow({ window: span, step }, nowMs);
          const t = bucketsOf(window);
          expect(t).toHaveLength(many);
          expect(t.at(-1)).toBeLessThanOrEqual(nowMs);
          expect(window.toMs).toBeGreaterThan(nowMs);
          expect(window.fromMs % stepMs).toBe(0);
        },
      ),
    );
  });

  it('marks what may still change, and nothing that ended long ago', () => {
    const live = readWindow({ window: '60s', step: '1s' }, now);
    expect(partialSince(live)).toBe(now - 2_500);
    expect(partialSince(readWindow({ window: '60s', step: '10s', until: now - 60_000 }, now))).toBeNull();
  });

  it('takes the coarsest roll-up, and refuses what is no window', () => {
    expect(['1s', '90s', '5m', '2h', '1d', '36h'].map((step) => rollUpFor(readSpan('step', step)))).toEqual([
      ...['1s', '1s', '1m', '1h', '1d', '1h'],
    ]);
    for (const bad of ['', '0s', '-1m', '5', '1w', '99999d', '1e9s']) expect(() => readSpan('window', bad)).toThrow();
    expect(() => readWindow({ window: '10d', step: '1s' }, now)).toThrow(/longer step/);
    expect(() => readWindow({ window: '1m', step: '1h' }, now)).toThrow(/longer than window/);
  });
});

describe('shared reads', () => {
  const query: Query = { sql: 'SELECT {a: String}', params: { a: 'x' } };

  it('asks once for all who ask the same, and again when the answer is old', async () => {
    let time = 0;
    let asked = 0;
    const read = shareReads(
      async () => {
        asked += 1;
        return [];
      },
      { now: () => time },
    );
    await Promise.all([read(query), read(query), read({ ...query, params: { a: 'y' } })]);
    expect(asked).toBe(2);
    await read(query);
    expect(asked).toBe(2);
    time = 251;
    await read(query);
    expect(asked).toBe(3);
  });

  it('keeps no failure, and only so many answers', async () => {
    let asked = 0;
    const read = shareReads(
      async ({ params }) => {
        asked += 1;
        if (params.a === 'bad') throw new Error('no');
        return [];
      },
      { maxEntries: 3 },
    );
    const bad = { ...query, params: { a: 'bad' } };
    await expect(read(bad)).rejects.toThrow('no');
    await expect(read(bad)).rejects.toThrow('no');
    expect(asked).toBe(2);
    for (let index = 0; index < 10; index += 1) await read({ ...query, params: { a: index } });
    await read({ ...query, params: { a: 0 } });
    expect(asked).toBe(13);
    await read({ ...query, params: { a: 9 } });
    expect(asked).toBe(13);
  });
});

it('the SQL of an answer has its values in it, and none of them leaves its literal', () => {
  const sql = "SELECT {text: String}, {n: UInt32}, '{untouched: Thing}'";
  expect(renderSql({ sql, params: { text: "a'b\\c\n--", n: 5 } })).toBe(
    "SELECT 'a\\'b\\\\c\\x0a--', 5, '{untouched: Thing}'",
  );
});

describe('a backlog', () => {
  it('says when it will be gone, that it grows, or that nothing moves', () => {
    expect(backlogOf(0, undefined)).toMatchObject({ trend: 'idle', etaMs: 0 });
    expect(backlogOf(9, undefined)).toMatchObject({ trend: 'unknown', etaMs: null });
    expect(backlogOf(100, { inPerSecond: 10, outPerSecond: 20 })).toMatchObject({ trend: 'draining', etaMs: 10_000 });
    expect(backlogOf(100, { inPerSecond: 20, outPerSecond: 10 })).toMatchObject({ trend: 'growing', etaMs: null });
    expect(backlogOf(100, { inPerSecond: 5, outPerSecond: 5 })).toMatchObject({ trend: 'stalled', etaMs: null });
  });

  it('adds its partitions up', () => {
    const row = { topic: 'p.s', out_records: '50', in_records: '10', span_ms: '10000' };
    expect(ratesByTopic([row, { ...row, out_records: '0' }]).get('p.s')).toEqual({ inPerSecond: 2, outPerSecond: 5 });
  });
});

describe('the stats routes', () => {
  const asked: Query[] = [];
  const answering = (rowsFor: (query: Query) => readonly Row[]) => ({
    ...emptyStore,
    read: async (query: Query) => {
      asked.push(query);
      return rowsFor(query);
    },
  });

  it('fill with zeros, keep the order of the stages, and say which SQL it was', async () => {
    const counts = {
      accepted: '3',
      ok: '2',
      retry: '1',
      dead: '0',
      expired: '0',
      cancelled: '0',
      skipped: '0',
      bytes: '7',
    };
    const times = { run: [1, 2, 3.25, Number.NaN], wait: [null, null, null, null] };
    const rowsFor = ({ params }: Query) => {
      const newest = Number(params.to) - 60;
      return [
        { bucket: 0, stage: 'upload', ...counts, ...times },
        { bucket: newest, stage: 'upload', ...counts, ...times },
        { bucket: newest, stage: 'gone', ...counts, ...times },
      ];
    };
    const { app } = await openGateway({ store: answering(rowsFor) });
    const answer = await app.inject('/v1/pipelines/assets/stats?window=5m&step=1m');
    const body = answer.json();
    expect(answer.statusCode).toBe(200);
    expect(body.t).toHaveLength(5);
    expect(body.series.map(({ stage }: { stage: string }) => stage)).toEqual(['download', 'upload', 'gone']);
    expect(body.series[0].ok).toEqual([0, 0, 0, 0, 0]);
    expect(body.series[0].run.p50).toEqual([null, null, null, null, null]);
    expect(body.series[1]).toMatchObject({ ok: [0, 0, 0, 0, 2], bytes: [0, 0, 0, 0, 7] });
    expect(body.series[1].run).toMatchObject({
      p95: [null, null, null, null, 3.3],
      p99: [null, null, null, null, null],
    });
    expect(body.totals[1]).toMatchObject({ stage: 'upload', accepted: 3, run: { p50: 1 }, wait: { p50: null } });
    expect(body.partialSince).toBeGreaterThanOrEqual(body.t.at(-2));
    expect(body.sql).toContain("pipeline = 'assets'");
    expect(body.sql).toContain('FROM throughput_1m');
  });

  it.each([
    ['/v1/pipelines/none/stats', 404],
    ['/v1/pipelines/assets/stats?stage=none', 404],
    ['/v1/pipelines/assets/stats?window=1y', 400],
    ['/v1/pipelines/assets/stats?window=30d&step=1s', 400],
    ['/v1/pipelines/assets/stats?other=1', 400],
    ['/v1/stats/errors?step=90s', 400],
    ['/v1/stats/errors?pipeline=none', 404],
    ['/v1/stats/errors', 200],
    ['/v1/stats/workers?window=5m', 200],
    ['/v1/pipelines', 200],
  ])('%s is answered with %i', async (url, status) => {
    const { app } = await openGateway({ store: answering(() => []) });
    expect((await app.inject(url)).statusCode).toBe(status);
  });

  it('tell a tenant its own numbers from the raw rows, and nothing of workers, lag or SQL', async () => {
    const tokens = 't roles=read tenant=acme, p roles=read pipelines=assets';
    const { app } = await openGateway({ store: answering(() => []), tokens });
    const get = (url: string, token: string) => app.inject({ url, headers: { authorization: `Bearer ${token}` } });
    const tenant = 't';
    asked.length = 0;
    for (const url of ['/v1/pipelines/assets/stats', '/v1/stats/errors']) {
      const answer = await get(url, tenant);
      expect(answer.statusCode).toBe(200);
      expect(answer.json().sql).toContain("tenant = 'acme'");
    }
    expect(asked.every(({ params }) => params.tenant === 'acme')).toBe(true);
    expect((await get('/v1/stats/workers', tenant)).statusCode).toBe(403);
    const pipelines = (await get('/v1/pipelines', tenant)).json().pipelines;
    expect(pipelines[0].stages[0]).toMatchObject({ lag: null, partitions: [], workers: null });
    for (const token of [tenant, 'p']) {
      const answer = await app.inject({
        ...{ method: 'POST', url: '/v1/sql', payload: { sql: 'SELECT 1' } },
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.statusCode).toBe(403);
    }
    const errors = await get('/v1/stats/errors', 'p');
    expect(errors.json().sql).toContain("pipeline IN ('assets')");
  });
});
