import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Query, Row } from '../../../gateway/history/queries.ts';
import { boundsMs, spread } from '../../../gateway/stats/latency.ts';
import { emptyStore, openGateway } from '../open-gateway.ts';

const levels = 22;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('a heat-map out of a digest', () => {
  it('keeps the number of tasks, and puts none outside of what was measured', () => {
    const times = fc.array(fc.double({ min: 0, max: 4e8, noNaN: true }), { minLength: levels, maxLength: levels });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), times, (tasks, unsorted) => {
        const quantiles = unsorted.toSorted((a, b) => a - b);
        const counts = spread(tasks, quantiles);
        expect(Math.abs(sum(counts) - tasks)).toBeLessThan(1);
        const used = counts.flatMap((count, row) => (count > 0 ? [row] : []));
        const above = (row: number): number => (row === 0 ? 0 : (boundsMs[row - 1] ?? 0));
        expect(above(used[0] ?? 0)).toBeLessThanOrEqual(quantiles.at(-1) ?? 0);
        expect(above(used.at(-1) ?? 0)).toBeLessThanOrEqual(quantiles.at(-1) ?? 0);
      }),
    );
  });

  it('is empty where nothing ran', () => {
    expect(sum(spread(0, []))).toBe(0);
  });

  it('is one row where all took the same time', () => {
    const counts = spread(40, Array(levels).fill(7));
    expect(counts[boundsMs.indexOf(10)]).toBe(40);
  });
});

describe('the routes of a pipeline’s flow', () => {
  const asked: Query[] = [];
  const answering = (rows: readonly Row[]) => ({
    ...emptyStore,
    read: async (query: Query) => {
      asked.push(query);
      return rows;
    },
  });

  it('tell ways between stages and their ends', async () => {
    const rows = [
      { stage: 'download', next_stage: 'upload', outcome_name: 'ok', tasks: '8' },
      { stage: 'download', next_stage: '', outcome_name: 'dead', tasks: '2' },
    ];
    const { app } = await openGateway({ store: answering(rows) });
    const { edges, windowMs } = (await app.inject('/v1/pipelines/assets/flow?window=5m')).json();
    expect(windowMs).toBe(300_000);
    expect(edges).toEqual([
      { from: 'download', to: 'upload', outcome: 'ok', tasks: 8 },
      { from: 'download', to: '', outcome: 'dead', tasks: 2 },
    ]);
  });

  it('tell the backlog with null where nobody owned a partition, and owners by stage', async () => {
    const now = Date.now();
    const bucket = Math.floor(now / 15_000) * 15;
    const rows = [{ bucket, topic: 'assets.upload', lag: '12', partition: 1, owner: 'w' }];
    const { app } = await openGateway({ store: answering(rows) });
    const { series, owners } = (await app.inject(`/v1/pipelines/assets/lag?window=1m&until=${now}`)).json();
    expect(series.map(({ stage }: { stage: string }) => stage)).toEqual(['download', 'upload']);
    expect(series[0].lag.every((lag: unknown) => lag === null)).toBe(true);
    expect(series[1].lag.at(-1)).toBe(12);
    expect(owners).toEqual([{ stage: 'upload', partition: 1, worker: 'w' }]);
  });

  it('bind a tenant to its own rows, and tell it nothing of the backlog', async () => {
    asked.length = 0;
    const { app } = await openGateway({ store: answering([]), tokens: 't roles=read tenant=acme' });
    const get = (path: string) => app.inject({ url: path, headers: { authorization: 'Bearer t' } });
    for (const route of ['latency', 'flow']) expect((await get(`/v1/pipelines/assets/${route}`)).statusCode).toBe(200);
    expect(asked.map(({ params }) => params.tenant)).toEqual(['acme', 'acme']);
    expect(asked.every(({ sql }) => sql.includes('tenant = {tenant: String}'))).toBe(true);
    expect((await get('/v1/pipelines/assets/lag')).statusCode).toBe(403);
    expect((await get('/v1/pipelines/none/flow')).statusCode).toBe(404);
  });
});
