import { describe, expect, it } from 'vitest';
import { definedFields } from '../../gateway/defined-fields.ts';
import { historyOver } from '../../gateway/history/history-over.ts';
import { type Query, type Row, taskQuery, tasksQuery, timelineQuery } from '../../gateway/history/queries.ts';

const taskRow: Row = {
  task_id: 't1',
  pipeline: 'assets',
  stage: 'upload',
  state_name: 'succeeded',
  attempts: '2',
  submitted_ms: '1000',
  finished_ms: '2000',
};

describe('a history over a read function', () => {
  const answering = (task: readonly Row[]) =>
    historyOver(
      async ({ sql }: Query) => (sql.includes('FROM attempts') ? [{ event_ms: 1500, outcome_name: 'ok' }] : task),
      async () => {},
    );

  it('gives one task with its timeline', async () => {
    expect(await answering([taskRow]).task('t1', {})).toMatchObject({
      id: 't1',
      attempts: 2,
      finishedAt: '1970-01-01T00:00:02.000Z',
      timeline: [{ time: '1970-01-01T00:00:01.500Z', outcome: 'ok' }],
    });
  });

  it('gives nothing for a task without a row', async () => {
    expect(await answering([]).task('t1', {})).toBeUndefined();
  });

  it('asks for tasks with the parameters of the filter alone', async () => {
    const asked: Query[] = [];
    const history = historyOver(
      async (query) => {
        asked.push(query);
        return [taskRow];
      },
      async () => {},
    );
    expect(await history.tasks({ limit: 5, stage: 'upload', scope: {} })).toMatchObject([{ id: 't1' }]);
    expect(asked.at(-1)?.params).toEqual({ limit: 5, stage: 'upload' });
    expect(asked.map(({ params }) => params.since).slice(0, -1)).toEqual([
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
    ]);
    asked.length = 0;
    await history.tasks({ limit: 1, scope: {} });
    expect(asked).toHaveLength(1);
    asked.length = 0;
    await history.tasks({ limit: 9, since: Date.now() - 60_000, scope: {} });
    expect(asked).toHaveLength(1);
  });
});

it('a page goes on after the time and the id of the last task', () => {
  const { params } = tasksQuery({ scope: {}, limit: 1, after: { submittedAt: 7, id: 'x' } });
  expect(params).toEqual({ limit: 1, afterMs: 7, afterId: 'x' });
});

it('fields that hold undefined are left out; null, 0 and empty text stay', () => {
  expect(Object.keys(definedFields({ a: undefined, b: null, c: 0, d: '' }))).toEqual(['b', 'c', 'd']);
});

describe('a scope', () => {
  const scope = { tenant: "o'hara", pipelines: ['assets', 'orders'] };

  it.each([
    ['a task', taskQuery('t1', scope)],
    ['its timeline', timelineQuery('t1', scope)],
    ['the list', tasksQuery({ scope, limit: 1 })],
  ])('binds %s to one tenant and its pipelines, by parameters', (_what, { sql, params }) => {
    expect(sql).toContain('min(tenant) = {scopeTenant: String} AND max(tenant) = {scopeTenant: String}');
    expect(sql).toContain('pipeline IN ({scopePipeline0: String}, {scopePipeline1: String})');
    expect(sql).not.toContain('hara');
    expect(params).toMatchObject({ scopeTenant: "o'hara", scopePipeline0: 'assets', scopePipeline1: 'orders' });
  });
});
