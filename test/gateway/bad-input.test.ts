import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openGateway, post, task, tasksUrl } from './open-gateway.ts';

const bodies: readonly [name: string, body: string | Buffer, status: number, code: string][] = [
  ['empty', '', 400, 'PIPE_GATEWAY_BODY_INVALID'],
  ['cut off', '{"url":"x"', 400, 'PIPE_TASK_NOT_JSON'],
  ['trailing comma', '{"url":"x",}', 400, 'PIPE_TASK_NOT_JSON'],
  ['two values', '{"url":"x"}{"url":"y"}', 400, 'PIPE_TASK_NOT_JSON'],
  ['a string', '"url"', 400, 'PIPE_GATEWAY_BODY_INVALID'],
  ['null', 'null', 400, 'PIPE_GATEWAY_BODY_INVALID'],
  ['NaN', '{"url":NaN}', 400, 'PIPE_TASK_NOT_JSON'],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'PIPE_TASK_NOT_JSON'],
  ['UTF-16', Buffer.from('\ufeff{"url":"x"}', 'utf16le'), 400, 'PIPE_TASK_NOT_JSON'],
  ['framed Avro', Buffer.from([0, 0, 0, 0, 1, 2, 120]), 400, 'PIPE_TASK_NOT_JSON'],
  ['__proto__', '{"url":"x","__proto__":{"admin":true}}', 400, 'PIPE_TASK_NOT_JSON'],
  ['constructor.prototype', '{"url":"x","constructor":{"prototype":{"a":1}}}', 400, 'PIPE_TASK_NOT_JSON'],
  ['no field', '{}', 422, 'PIPE_TASK_SCHEMA_MISMATCH'],
  ['wrong type', '{"url":7}', 422, 'PIPE_TASK_SCHEMA_MISMATCH'],
  ['too large for Kafka', JSON.stringify({ url: 'x'.repeat(1_100_000) }), 413, 'PIPE_TASK_TOO_LARGE'],
  ['too large for the gateway', `["${'x'.repeat(9_000_000)}"]`, 413, 'PIPE_GATEWAY_BODY_TOO_LARGE'],
  ['nested 200 000 deep', `{"url":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 400, 'PIPE_TASK_NOT_JSON'],
  ['an array nested 200 000 deep', '['.repeat(200_000) + ']'.repeat(200_000), 400, 'PIPE_TASK_NOT_JSON'],
  ['nested 500 deep', `{"url":${'['.repeat(500)}${']'.repeat(500)}}`, 422, 'PIPE_TASK_SCHEMA_MISMATCH'],
];

describe('a body that is no task', () => {
  it.each(bodies)('%s', async (_name, body, status, code) => {
    const { app, broker } = await openGateway();
    const response = await post(app, body);
    expect(response.json()).toMatchObject({ status, code, type: `urn:penstock:error:${code}` });
    expect(response.statusCode).toBe(status);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(broker.sent).toHaveLength(0);
    expect((await post(app, task)).statusCode).toBe(202);
  });

  it('is no matter of brackets within a text', async () => {
    const { app } = await openGateway();
    const response = await post(app, { url: `"${'[{'.repeat(50_000)}\\"` });
    expect(response.statusCode).toBe(202);
  });

  it('is told where it does not fit', async () => {
    const { app } = await openGateway();
    const { errors } = (await post(app, { url: 7, sha256: 8 })).json();
    expect(errors).toEqual([
      { pointer: '/url', detail: 'must be a string' },
      { pointer: '/sha256', detail: 'must be a string' },
    ]);
  });
});

const requests: readonly [name: string, url: string, headers: Record<string, string>, status: number, code: string][] =
  [
    ['unknown pipeline', '/v1/pipelines/nope/tasks', {}, 404, 'PIPE_PIPELINE_UNKNOWN'],
    ['unknown stage', `${tasksUrl}?stage=nope`, {}, 404, 'PIPE_STAGE_UNKNOWN'],
    ['a prototype as pipeline', '/v1/pipelines/__proto__/tasks', {}, 404, 'PIPE_PIPELINE_UNKNOWN'],
    ['unknown parameter', `${tasksUrl}?stgae=download`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['stage twice', `${tasksUrl}?stage=download&stage=upload`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['control characters in the tenant', `${tasksUrl}?tenant=a%0d%0ax`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['a time that is none', `${tasksUrl}?notBefore=soon`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['a time before all tasks', `${tasksUrl}?notBefore=0636-12-12T23:27:10Z`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['a time in microseconds', `${tasksUrl}?notBefore=1763755555123456`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['times in the wrong order', `${tasksUrl}?notBefore=20&expiresAt=10`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['a key that is empty', `${tasksUrl}?key=`, {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    ['a path that is no UTF-8', '/v1/pipelines/%ff/tasks', {}, 400, 'PIPE_GATEWAY_REQUEST_INVALID'],
    [
      'an idempotency key too long',
      tasksUrl,
      { 'idempotency-key': 'k'.repeat(256) },
      400,
      'PIPE_GATEWAY_REQUEST_INVALID',
    ],
    ['text', tasksUrl, { 'content-type': 'text/plain' }, 415, 'PIPE_GATEWAY_CONTENT_TYPE'],
    ['a form', tasksUrl, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'PIPE_GATEWAY_CONTENT_TYPE'],
    ['a content type that is none', tasksUrl, { 'content-type': 'nonsense' }, 415, 'PIPE_GATEWAY_CONTENT_TYPE'],
    ['gzip that is none', tasksUrl, { 'content-encoding': 'gzip' }, 400, 'PIPE_GATEWAY_BODY_INVALID'],
    ['br that is none', tasksUrl, { 'content-encoding': 'br' }, 400, 'PIPE_GATEWAY_BODY_INVALID'],
    ['an unknown encoding', tasksUrl, { 'content-encoding': 'zstd, gzip' }, 415, 'PIPE_GATEWAY_CONTENT_TYPE'],
    ['unknown route', '/v1/nothing', {}, 404, 'PIPE_GATEWAY_ROUTE_UNKNOWN'],
    ['a foreign host name', tasksUrl, { host: 'rebound.example' }, 421, 'PIPE_GATEWAY_HOST_REFUSED'],
  ];

describe('a request that cannot be served', () => {
  it.each(requests)('%s', async (_name, url, headers, status, code) => {
    const { app, broker } = await openGateway();
    const response = await post(app, task, { url, headers });
    expect(response.json()).toMatchObject({ status, code });
    expect(response.statusCode).toBe(status);
    expect(broker.sent).toHaveLength(0);
  });

  it('shows nothing of the request’s control characters', async () => {
    const { app } = await openGateway();
    const response = await post(app, task, { url: '/v1/pipelines/%1b%5b2Jx/tasks' });
    expect(response.json().detail).not.toMatch(/\p{Cc}/u);
  });
});

describe('a method that a path does not know', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'QUERY'])('%s is a 405 that names those it does', async (method) => {
    const { app } = await openGateway();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const response = await fetch(`${app.listeningOrigin}${tasksUrl}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.json()).toMatchObject({ code: 'PIPE_GATEWAY_METHOD_UNKNOWN' });
  });
});

describe('any JSON', () => {
  it('is a task or a problem, never a 5xx', async () => {
    const { app } = await openGateway();
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const response = await post(app, json);
        expect(response.statusCode).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  it('any text in any field arrives as it was sent', async () => {
    const { app, broker } = await openGateway();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }), async (text) => {
        const response = await post(app, { url: text }, { url: `${tasksUrl}?key=${encodeURIComponent(text)}` });
        expect(response.statusCode).toBe(202);
        expect(broker.of('assets.download').at(-1)?.key).toBe(text);
        const headers = broker.of('assets.download').at(-1)?.headers ?? {};
        expect(Object.keys(headers)).toEqual(['penstock']);
      }),
      { numRuns: 200 },
    );
  });
});
