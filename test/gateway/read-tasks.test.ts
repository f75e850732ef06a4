import { describe, expect, it } from 'vitest';
import type { History, TaskFilter, TaskSummary } from '../../gateway/history/history.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { emptyHistory, openGateway } from './open-gateway.ts';

const summary = (id: string, submittedAt: string): TaskSummary => ({
  id,
  pipeline: 'assets',
  stage: 'upload',
  state: 'succeeded',
  submittedAt,
  finishedAt: submittedAt,
  attempts: 3,
});

function historyWith(tasks: TaskSummary[], asked: TaskFilter[] = []): History {
  return {
    async task(id) {
      const found = tasks.find((task) => task.id === id);
      return found && { ...found, timeline: [] };
    },
    async tasks(filter) {
      asked.push(filter);
      return tasks.slice(0, filter.limit);
    },
    async close() {},
  };
}

describe('one task', () => {
  it('is found by any id, slashes and all', async () => {
    const history = historyWith([summary('order/7 ä', '2026-01-01T00:00:00.000Z')]);
    const { app } = await openGateway({ history });
    const response = await app.inject(`/v1/tasks/${encodeURIComponent('order/7 ä')}`);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({ id: 'order/7 ä', state: 'succeeded', timeline: [] });
  });

  it('is found by the longest id there is', async () => {
    const id = '✓'.repeat(256);
    const { app } = await openGateway({ history: historyWith([summary(id, '2026-01-01T00:00:00.000Z')]) });
    expect((await app.inject(`/v1/tasks/${encodeURIComponent(id)}`)).json()).toMatchObject({ id });
  });

  it('that nobody recorded is a 404', async () => {
    const { app } = await openGateway();
    const response = await app.inject('/v1/tasks/none');
    expect(response.statusCode).toBe(404);
    expect(response.json().code).toBe('PIPE_TASK_NOT_FOUND');
  });

  it('is a 503 while ClickHouse is away, without its message', async () => {
    const fail = async () => {
      throw new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', 'the history cannot be read');
    };
    const { app } = await openGateway({ history: { ...emptyHistory, task: fail } });
    const response = await app.inject('/v1/tasks/x');
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBeDefined();
  });

  it('shows nothing of an error that nobody foresaw', async () => {
    const fail = async () => {
      throw new Error('SELECT secret FROM /etc/passwd');
    };
    const { app } = await openGateway({ history: { ...emptyHistory, task: fail } });
    const response = await app.inject('/v1/tasks/x');
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toMatch(/secret|passwd|stack|\.ts/);
    expect(response.json().code).toBe('PIPE_GATEWAY_INTERNAL');
  });
});

describe('the list', () => {
  it('hands the filters on, and a cursor that continues', async () => {
    const asked: TaskFilter[] = [];
    const tasks = [summary('b', '2026-01-02T00:00:00.000Z'), summary('a ö', '2026-01-01T00:00:00.000Z')];
    const { app } = await openGateway({ history: historyWith(tasks, asked) });
    const first = (
      await app.inject('/v1/tasks?pipeline=assets&state=dead&search=%25a%27&since=2026-01-01T00:00:00Z&limit=2')
    ).json();
    expect(asked[0]).toEqual({
      ...{ pipeline: 'assets', state: 'dead', search: "%a'", since: Date.UTC(2026, 0, 1), limit: 2, scope: {} },
    });
    await app.inject(`/v1/tasks?limit=2&cursor=${first.cursor}`);
    expect(asked[1]?.after).toEqual({ submittedAt: Date.UTC(2026, 0, 1), id: 'a ö' });
  });

  it('has no cursor on its last page', async () => {
    const { app } = await openGateway({ history: historyWith([summary('a', '2026-01-01T00:00:00.000Z')]) });
    expect((await app.inject('/v1/tasks?limit=2')).json().cursor).toBeUndefined();
  });

  it.each(['state=gone', 'limit=0', 'limit=1001', 'limit=x', 'cursor=!!', 'since=yesterday', 'order=asc'])(
    'refuses %s',
    async (query) => {
      const { app } = await openGateway();
      const response = await app.inject(`/v1/tasks?${query}`);
      expect(response.statusCode).toBe(400);
      expect(response.json().code).toBe('PIPE_GATEWAY_REQUEST_INVALID');
    },
  );
});
