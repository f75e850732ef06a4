import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../schemas/errors.ts';
import { idempotentId } from '../../schemas/task-id.ts';
import { openGateway, post, task, tasksUrl } from './open-gateway.ts';

const ndjson = { 'content-type': 'application/x-ndjson' };
const line = (name: string): string => JSON.stringify({ ...task, name });

describe('a JSON array', () => {
  it('is taken task by task; the bad ones are told apart by index', async () => {
    const { app, broker } = await openGateway();
    const response = await post(app, [task, { wrong: 1 }, 7, task]);
    expect(response.statusCode).toBe(202);
    const { accepted, ids, rejected } = response.json();
    expect(accepted).toBe(2);
    expect(ids).toEqual(broker.of('assets.download').map(({ key }) => key));
    expect(rejected.map(({ index }: { index: number }) => index)).toEqual([1, 2]);
    expect(rejected[0].error).toMatchObject({
      code: 'PIPE_TASK_SCHEMA_MISMATCH',
      errors: [{ pointer: '/url', detail: 'is missing' }],
    });
  });

  it('of which no task fits is a 422, with the same list', async () => {
    const { app, broker } = await openGateway();
    const response = await post(app, [{}, {}]);
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ accepted: 0, ids: [], rejected: [{ index: 0 }, { index: 1 }] });
    expect(broker.sent).toHaveLength(0);
  });

  it.each([
    ['an array', '[]', {}],
    ['NDJSON', '\n \n', ndjson],
  ])('without a task is a 400: %s', async (_shape, body, headers) => {
    const { app } = await openGateway();
    const response = await post(app, body, { headers });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'PIPE_GATEWAY_BODY_INVALID', detail: 'the batch holds no task' });
  });
});

describe('NDJSON', () => {
  it('keeps the order, skips blank lines, and needs no line break at the end', async () => {
    const { app, broker } = await openGateway();
    const response = await post(app, `${line('a')}\n\n  \r\n${line('b')}\r\n{oops\n${line('c')}`, { headers: ndjson });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({
      accepted: 3,
      rejected: [{ index: 2, error: { code: 'PIPE_TASK_NOT_JSON' } }],
    });
    expect(broker.of('assets.download').map(({ key }) => key)).toEqual(response.json().ids);
  });

  it('rejects a line that is too long without keeping it', async () => {
    const { app } = await openGateway();
    const body = `${line('a')}\n${'x'.repeat(3_000_000)}\n${line('b')}\n`;
    const response = await post(app, body, { headers: ndjson });
    expect(response.json()).toMatchObject({
      accepted: 2,
      rejected: [{ index: 1, error: { code: 'PIPE_TASK_TOO_LARGE' } }],
    });
  });

  it('takes more tasks than one send holds', async () => {
    const { app, broker } = await openGateway();
    const body = Array.from({ length: 2_345 }, (_, index) => line(String(index))).join('\n');
    const { accepted, ids } = (await post(app, body, { headers: ndjson })).json();
    expect(accepted).toBe(2_345);
    expect(new Set(ids).size).toBe(2_345);
    expect(broker.of('assets.download')).toHaveLength(2_345);
  });

  it('lists the ids of the accepted lines in their order, however many', async () => {
    const { app, broker } = await openGateway();
    const body = Array.from({ length: 20_000 }, (_, index) => (index % 7 === 3 ? '7' : line(String(index)))).join('\n');
    const { accepted, ids, rejected } = (await post(app, body, { headers: ndjson })).json();
    expect(ids).toEqual(broker.of('assets.download').map(({ key }) => key));
    expect(ids).toHaveLength(accepted);
    expect(new Set(ids).size).toBe(accepted);
    expect(rejected).toHaveLength(20_000 - accepted);
    expect(
      ids.every((id: string) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toBe(true);
  });

  it('of which too many lines are wrong is given up, with what it took', async () => {
    const { app } = await openGateway();
    const response = await post(app, `${line('a')}\n${'7\n'.repeat(11_000)}${line('late')}`, { headers: ndjson });
    expect(response.statusCode).toBe(413);
    expect(response.json()).toMatchObject({ code: 'PIPE_GATEWAY_BATCH_TOO_LARGE', accepted: 1 });
    expect(response.json().ids).toHaveLength(1);
  });

  it('that the broker stops acknowledging answers 503 and says what it took before', async () => {
    const { app, broker } = await openGateway();
    async function* body() {
      yield Array.from({ length: 500 }, (_, index) => `${line(String(index))}\n`).join('');
      while (broker.of('assets.download').length < 500) await new Promise((resolve) => setImmediate(resolve));
      broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'no broker');
      yield `${line('late')}\n`;
    }
    const response = await app.inject({
      method: 'POST',
      url: tasksUrl,
      headers: ndjson,
      payload: Readable.from(body()),
    });
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE', accepted: 500 });
    expect(response.json().ids).toHaveLength(500);
  });

  it('that is cut off in the middle of a line makes no task of the half', async () => {
    const { app, broker } = await openGateway();
    const body = new Readable({ read() {} });
    body.push(`${line('a')}\n{"url":"https://files.example/half`);
    const answered = app.inject({ method: 'POST', url: tasksUrl, headers: ndjson, payload: body });
    setImmediate(() => body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
    await answered.catch(() => undefined);
    expect(broker.of('assets.download').length).toBeLessThan(2);
  });

  it('with an Idempotency-Key gives each line an id of its own, the same every time', async () => {
    const { app, broker } = await openGateway();
    const headers = { ...ndjson, 'idempotency-key': 'import-7' };
    const first = (await post(app, `${line('a')}\n${line('b')}\n`, { headers })).json();
    const second = (await post(app, `${line('a')}\n${line('CHANGED')}\n`, { headers })).json();
    expect(first.ids).toEqual([0, 1].map((index) => idempotentId(undefined, 'assets', `import-7/${index}`)));
    expect(second.ids).toEqual([first.ids[0]]);
    expect(second.rejected).toMatchObject([{ index: 1, error: { code: 'PIPE_GATEWAY_IDEMPOTENCY_CONFLICT' } }]);
    expect(broker.of('assets.download')).toHaveLength(2);
  });
});
