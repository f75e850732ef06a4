import { describe, expect, it } from 'vitest';
import { type History, maxTimelineRows, type TaskDetail } from '../../../gateway/history/history.ts';
import { reject, result } from '../../../processors/stage.ts';
import { until } from '../../helpers/until.ts';
import { gate } from '../../processors/runtime/runner-bench.ts';
import { blobsOf, openSystem, submit } from './watching-system.ts';

const tokens = (...entries: string[]) => ({ env: { PENSTOCK_TOKENS: entries.join(',') } });

describe('?wait', () => {
  it('answers with the result of the task, at each of three gateways', async () => {
    const { gateway, worker } = await openSystem(({ payload }) => result({ doubled: payload.n * 2 }));
    const gateways = [gateway(), gateway(), gateway()];
    await worker();
    const answers = await Promise.all(gateways.map((app, n) => submit(app, { n }, '?wait=10s')));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(answers.map((answer) => answer.json().result)).toEqual([{ doubled: 0 }, { doubled: 2 }, { doubled: 4 }]);
    expect(answers[0]?.json()).toMatchObject({ pipeline: 'p', stage: 'end', state: 'succeeded', attempts: 1 });
  });

  it('answers with the failure of a task that died', async () => {
    const { gateway, worker } = await openSystem(() => {
      throw reject('not for us');
    });
    await worker();
    const answer = await submit(gateway(), { n: 1 }, '?wait=10s');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      state: 'dead',
      error: { code: 'PIPE_STAGE_REJECTED', message: 'not for us' },
    });
  });

  it('waits for all that the task fans out into, and counts how it ended', async () => {
    const last = gate();
    const { gateway, worker } = await openSystem(async ({ payload: { n } }) => {
      if (n === 0) throw reject('the first');
      if (n === 3) await last.opened;
      return undefined;
    });
    await worker();
    const app = gateway();
    const early = await submit(app, { n: 0, fan: 4 }, '?wait=50ms', { 'idempotency-key': 'k' });
    expect(early.statusCode).toBe(202);
    expect(early.headers.location).toBe(`/v1/tasks/${early.json().id}`);
    last.open();
    const whole = await submit(app, { n: 0, fan: 4 }, '?wait=10s', { 'idempotency-key': 'k' });
    expect(whole.json()).toMatchObject({
      id: early.json().id,
      children: 4,
      descendants: { total: 4, succeeded: 3, dead: 1, cancelled: 0, expired: 0 },
    });
  });

  it('answers 202 when the time is over, and when the gateway closes', async () => {
    const { gateway } = await openSystem(() => undefined);
    const app = gateway();
    expect((await submit(app, { n: 1 }, '?wait=1ms')).statusCode).toBe(202);
    const waiting = submit(app, { n: 2 }, '?wait=5m');
    const watching = app.inject('/v1/tasks/x/events');
    await until('both are under way', async () => {
      const admin = await app.inject('/metrics');
      return /tasks_accepted\w*\{[^}]*\} 2/.test(admin.body) ? true : undefined;
    });
    await app.close();
    expect((await waiting).statusCode).toBe(202);
    expect((await watching).statusCode).toBe(200);
  });

  it('is for one task, and for a time that can be understood', async () => {
    const { gateway } = await openSystem(() => undefined);
    const app = gateway();
    const refused = await app.inject({
      ...{ method: 'POST', url: '/v1/pipelines/p/tasks?wait=1s', payload: [{ n: 1 }] },
    });
    expect(refused.json()).toMatchObject({ status: 400, code: 'PIPE_GATEWAY_REQUEST_INVALID' });
    expect((await submit(app, { n: 1 }, '?wait=soon')).statusCode).toBe(400);
  });
});

describe('DELETE /v1/tasks/:id', () => {
  const remove = (app: ReturnType<Awaited<ReturnType<typeof openSystem>>['gateway']>, id: string, token?: string) =>
    app.inject({
      method: 'DELETE',
      url: `/v1/tasks/${id}`,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });

  it('ends a running task by its id, through any gateway, and the one that waits hears of it', async () => {
    const started = gate<string>();
    const { gateway, worker } = await openSystem(({ id }, { signal }) => {
      started.open(id);
      return new Promise((_resolve, refuse) => signal.addEventListener('abort', () => refuse(signal.reason)));
    });
    await worker();
    const waiting = submit(gateway(), { n: 1 }, '?wait=10s');
    const other = gateway();
    const answer = await remove(other, await started.opened);
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({ id: await started.opened, state: 'cancelling' });
    expect((await waiting).json()).toMatchObject({ state: 'cancelled' });
  });

  it('ends queued ones before any worker is there, with what a parent fans out into', async () => {
    const ran: number[] = [];
    const { gateway, worker } = await openSystem(({ payload }) => void ran.push(payload.n));
    const app = gateway();
    const { id } = (await submit(app, { n: 7 })).json();
    expect((await remove(app, id)).statusCode).toBe(202);
    await worker();
    const after = await submit(app, { n: 8 }, '?wait=10s');
    expect(after.json().state).toBe('succeeded');
    expect(ran).toEqual([8]);
  });

  it('says that a task has ended', async () => {
    const { gateway, worker } = await openSystem(() => undefined);
    await worker();
    const app = gateway();
    const { id } = (await submit(app, { n: 1 }, '?wait=10s')).json();
    expect((await remove(app, id)).json()).toMatchObject({ status: 409, code: 'PIPE_TASK_FINISHED' });
  });

  it('cancels of a tenant’s token its own tasks alone, and needs the role', async () => {
    const ran: string[] = [];
    const { gateway, worker } = await openSystem(({ tenant }) => void ran.push(tenant ?? ''));
    const app = gateway(
      tokens('aaaaaaaaaaaaaaaa tenant=acme', 'bbbbbbbbbbbbbbbb tenant=other', 'cccccccccccccccc roles=read'),
    );
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const [one, two] = [
      (await submit(app, { n: 1 }, '', bearer('aaaaaaaaaaaaaaaa'))).json(),
      (await submit(app, { n: 2 }, '', bearer('bbbbbbbbbbbbbbbb'))).json(),
    ];
    expect((await remove(app, one.id, 'cccccccccccccccc')).statusCode).toBe(403);
    for (const { id } of [one, two]) expect((await remove(app, id, 'aaaaaaaaaaaaaaaa')).statusCode).toBe(202);
    await worker();
    const last = await submit(app, { n: 3 }, '?wait=10s', bearer('bbbbbbbbbbbbbbbb'));
    expect(last.json()).toMatchObject({ state: 'succeeded', tenant: 'other' });
    await until('both', () => (ran.length === 2 ? true : undefined));
    expect(ran).toEqual(['other', 'other']);
    const foreign = await app.inject({
      url: `/v1/tasks/${last.json().id}/result`,
      headers: bearer('aaaaaaaaaaaaaaaa'),
    });
    expect(foreign.statusCode).toBe(404);
  });
});

describe('GET /v1/tasks/:id/result', () => {
  const blob = { key: 'p/end/x', sizeBytes: 10, sha256: 'ab', contentType: 'text/csv' };

  it('gives JSON, a text with its quotes, nothing, and says what has no result', async () => {
    const results = [{ rows: 3 }, 'a "text"', undefined];
    const { gateway, worker } = await openSystem(({ payload: { n } }) => {
      if (n === 3) throw reject('no');
      return n === 2 ? undefined : result(results[n]);
    });
    await worker();
    const app = gateway();
    const get = async (n: number) => {
      const { id } = (await submit(app, { n }, '?wait=10s')).json();
      return app.inject(`/v1/tasks/${id}/result`);
    };
    expect((await get(0)).json()).toEqual({ rows: 3 });
    expect((await get(1)).json()).toBe('a "text"');
    expect((await get(2)).statusCode).toBe(204);
    expect((await get(3)).json()).toMatchObject({ status: 409, code: 'PIPE_TASK_NOT_SUCCEEDED' });
    expect((await app.inject('/v1/tasks/nobody/result')).json()).toMatchObject({ code: 'PIPE_TASK_NOT_FOUND' });
  });

  it('gives the bytes of a blob, whole and in ranges', async () => {
    const { gateway, worker } = await openSystem(() => result(null, { blob }));
    await worker();
    const app = gateway({ blobs: blobsOf('0123456789') });
    const { id } = (await submit(app, { n: 1 }, '?wait=10s')).json();
    const url = `/v1/tasks/${id}/result`;
    const whole = await app.inject(url);
    expect([whole.statusCode, whole.body, whole.headers['content-type']]).toEqual([200, '0123456789', 'text/csv']);
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', etag: '"ab"', 'content-length': '10' });
    expect(whole.headers['content-disposition']).toBe(`attachment; filename="${id}"`);
    const part = await app.inject({ url, headers: { range: 'bytes=2-4' } });
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10']);
    const changed = await app.inject({ url, headers: { range: 'bytes=2-4', 'if-range': '"other"' } });
    expect([changed.statusCode, changed.body]).toEqual([200, '0123456789']);
    const behind = await app.inject({ url, headers: { range: 'bytes=10-' } });
    expect([behind.statusCode, behind.headers['content-range']]).toEqual([416, 'bytes */10']);
  });
});

describe('server-sent events', () => {
  const historyOf = (task: History['task']): History => ({ task, tasks: async () => [], close: async () => {} });

  function taskOf(state: TaskDetail['state'], ...outcomes: string[]): TaskDetail {
    const time = '2026-11-21T10:00:00.000Z';
    const entry = { ...{ time, stage: 'work', attempt: 1, queueMs: 0, runMs: 3, worker: 'w' }, errorMessage: '' };
    const place = { topic: 'p.work', partition: 0, offset: 7, errorCode: '' };
    return {
      ...{ id: 'x', pipeline: 'p', stage: 'work', state, attempts: 1, submittedAt: time, finishedAt: time },
      timeline: outcomes.map((outcome) => ({ ...entry, ...place, outcome })),
    };
  }

  /** Reads the body until the piece is in it, or, without one, to its end. */
  async function readUntil(response: Response, piece?: string): Promise<string> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (piece !== undefined && text.includes(piece)) break;
    }
    return text;
  }

  it('tell what happens to a task, with its progress, and end with it', async () => {
    const halfway = gate();
    const { gateway, worker } = await openSystem(async (_task, ctx) => {
      ctx.progress({ fraction: 0.5, note: 'half' });
      await halfway.opened;
      return result('done');
    });
    const app = gateway();
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const pipeline = await fetch(`${url}/v1/pipelines/p/events?stage=end`);
    await worker();
    const { id } = (await submit(app, { n: 1 })).json();
    const task = await fetch(`${url}/v1/tasks/${id}/events`);
    expect(task.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await readUntil(pipeline, '"progress":0.5')).not.toContain('"stage":"work"');
    halfway.open();
    const blocks = (await readUntil(task)).split('\n\n');
    const events = blocks.flatMap((block) => {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      return name === undefined ? [] : [{ name, data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') }];
    });
    expect(events.at(-1)).toEqual({ name: 'end', data: { id, pipeline: 'p', stage: 'end', state: 'succeeded' } });
    const running = events.find(({ data }) => data.outcome === 'running');
    expect(running?.data).toMatchObject({ id, stage: 'end', progress: 0.5, note: 'half' });
  });

  it('begin with the history, and end at once where the task has ended', async () => {
    const { gateway } = await openSystem(() => undefined);
    const app = gateway({ history: historyOf(async () => taskOf('succeeded', 'accepted', 'ok')) });
    const { body } = await app.inject('/v1/tasks/x/events');
    expect(body.match(/"outcome":"\w+"/g)).toEqual(['"outcome":"accepted"', '"outcome":"ok"']);
    expect(body).toMatch(/event: end\ndata: .*"state":"succeeded"\}\n\n$/);
  });

  it('end where the history had the row of the end before it had the state', async () => {
    const { gateway } = await openSystem(() => undefined);
    const looks = [taskOf('running', 'accepted', 'cancelled'), taskOf('cancelled', 'accepted', 'cancelled')];
    const app = gateway({ history: historyOf(async () => looks.shift()) });
    const { body } = await app.inject('/v1/tasks/x/events');
    const cancelled = '"outcome":"cancelled"';
    expect(body.match(/"outcome":"\w+"/g)).toEqual(['"outcome":"accepted"', cancelled, cancelled]);
    expect(body).toMatch(/event: attempt\ndata: .*"outcome":"cancelled".*"state":"cancelled"\}\n\nevent: end\n.*\n\n$/);
  });

  it('end where the row of the end is one too many for a timeline', async () => {
    const { gateway } = await openSystem(() => undefined);
    const full = Array.from({ length: maxTimelineRows }, () => 'running');
    const app = gateway({ history: historyOf(async () => taskOf('dead', ...full)) });
    const { body } = await app.inject('/v1/tasks/x/events');
    expect(body).toMatch(/event: end\ndata: .*"state":"dead"\}\n\n$/);
  });
});
