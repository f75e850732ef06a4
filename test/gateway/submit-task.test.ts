import { describe, expect, it } from 'vitest';
import { createCodec } from '../../schemas/codec.ts';
import { readEnvelope } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { idempotentId } from '../../schemas/task-id.ts';
import { until } from '../helpers/until.ts';
import { openGateway, post, task, tasksUrl } from './open-gateway.ts';

describe('one task', () => {
  it('is framed, keyed by its id, described in the header, and answered with its place', async () => {
    const { app, broker, registry } = await openGateway();
    const before = Date.now();
    const response = await post(app, task);
    expect(response.statusCode).toBe(202);
    const receipt = response.json();
    expect(receipt).toMatchObject({
      pipeline: 'assets',
      stage: 'download',
      topic: 'assets.download',
      partition: 0,
      offset: 0,
    });
    const [record] = broker.of('assets.download');
    expect(record?.key).toBe(receipt.id);
    const codec = createCodec({ registryUrl: registry.url });
    expect(await codec.decode(downloadTaskSchema, record?.value ?? null)).toEqual(task);
    const envelope = readEnvelope(record?.headers ?? {}, { topic: 't', partition: 0, offset: 0 }, 0);
    expect(envelope).toMatchObject({ id: receipt.id, source: 'http' });
    expect(envelope.at).toBeGreaterThanOrEqual(before);
  });

  it('takes key, tenant, times, trace and stage from the request', async () => {
    const { app, broker } = await openGateway();
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const blob = { key: 'k', sizeBytes: 1, sha256: 'a'.repeat(64), contentType: 'text/plain' };
    const url = `${tasksUrl}?stage=upload&key=k1&tenant=acme&notBefore=1700000000000&expiresAt=2030-01-01T00:00:00Z`;
    const response = await post(app, { source: 's', name: 'n', blob }, { url, headers: { traceparent: trace } });
    expect(response.json()).toMatchObject({ stage: 'upload', topic: 'assets.upload' });
    const [record] = broker.of('assets.upload');
    expect(record?.key).toBe('k1');
    expect(JSON.parse(String(record?.headers?.penstock))).toMatchObject({
      tenant: 'acme',
      notBefore: 1_700_000_000_000,
      expiresAt: Date.UTC(2030, 0, 1),
      trace,
    });
  });

  it('is announced to the attempts topic once Kafka has it', async () => {
    const { app, broker, registry } = await openGateway();
    const { id } = (await post(app, task, { url: `${tasksUrl}?tenant=acme` })).json();
    const record = await until('the accepted row', () => broker.of('penstock.attempts')[0]);
    const batch = await createCodec({ registryUrl: registry.url }).decode(attemptBatchSchema, record.value);
    expect(batch).toMatchObject({ pipeline: 'assets', stage: 'download', topic: 'assets.download' });
    expect(batch.worker).toMatch(/^gateway:/);
    expect(batch.attempts).toMatchObject([
      { taskId: id, outcome: 'accepted', tenant: 'acme', partition: 0, offset: 0 },
    ]);
  });

  it('fills defaults in', async () => {
    const { app } = await openGateway();
    expect((await post(app, { url: 'https://files.example/a' })).statusCode).toBe(202);
  });
});

describe('a broker that does not acknowledge', () => {
  it('is a 503 with Retry-After, never a 202', async () => {
    const { app, broker } = await openGateway({ sendDeadlineMs: 500 });
    await post(app, task);
    broker.behaviour = 'hang';
    const response = await post(app, task);
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({
      code: 'PIPE_BROKER_UNAVAILABLE',
      type: 'urn:penstock:error:PIPE_BROKER_UNAVAILABLE',
      status: 503,
    });
    expect(broker.of('assets.download')).toHaveLength(1);
  });

  it('is told when the producer gives up', async () => {
    const { app, broker } = await openGateway();
    broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'no broker');
    expect((await post(app, task)).statusCode).toBe(503);
  });

  it('announces nothing', async () => {
    const { app, broker } = await openGateway();
    broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'no broker');
    await post(app, task);
    broker.behaviour = 'acknowledge';
    await app.close();
    expect(broker.sent).toHaveLength(0);
  });
});

describe('a registry that does not answer', () => {
  it('is a 503, and the gateway recovers by itself', async () => {
    const { app, registry } = await openGateway({ sendDeadlineMs: 2_000 });
    registry.override = (_request, response) => response.writeHead(500).end('{}');
    const refused = await post(app, task);
    expect(refused.statusCode).toBe(503);
    expect(refused.json().code).toBe('PIPE_REGISTRY_UNAVAILABLE');
    registry.override = undefined;
    expect((await post(app, task)).statusCode).toBe(202);
  });
});

describe('Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'order-1' };

  it('gives the id that any gateway gives, and one record however often it is repeated', async () => {
    const { app, broker } = await openGateway();
    const responses = await Promise.all(Array.from({ length: 100 }, () => post(app, task, { headers })));
    const ids = new Set(responses.map((response) => response.json().id));
    expect([...ids]).toEqual([idempotentId(undefined, 'assets', 'order-1')]);
    expect(broker.of('assets.download')).toHaveLength(1);
  });

  it('with another body is a 422', async () => {
    const { app, broker } = await openGateway();
    await post(app, task, { headers });
    const response = await post(app, { ...task, name: 'other' }, { headers });
    expect(response.statusCode).toBe(422);
    expect(response.json().code).toBe('PIPE_GATEWAY_IDEMPOTENCY_CONFLICT');
    expect(broker.of('assets.download')).toHaveLength(1);
  });

  it('keeps tenants apart', async () => {
    const { app } = await openGateway();
    const first = await post(app, task, { headers, url: `${tasksUrl}?tenant=a` });
    const second = await post(app, { ...task, name: 'other' }, { headers, url: `${tasksUrl}?tenant=b` });
    expect(second.statusCode).toBe(202);
    expect(second.json().id).not.toBe(first.json().id);
  });

  it('joins a send that is still under way after a 503', async () => {
    const { app, broker } = await openGateway({ sendDeadlineMs: 500 });
    await post(app, task, { url: `${tasksUrl}?tenant=warm-up` });
    broker.behaviour = 'hang';
    expect((await post(app, task, { headers })).statusCode).toBe(503);
    broker.release();
    expect((await post(app, task, { headers })).statusCode).toBe(202);
    expect(broker.of('assets.download')).toHaveLength(2);
  });

  it('is a 409 to the second while the first is still without an answer', async () => {
    const { app, broker } = await openGateway({ sendDeadlineMs: 500 });
    await post(app, task, { url: `${tasksUrl}?tenant=warm-up` });
    broker.behaviour = 'hang';
    const [first, second] = await Promise.all([post(app, task, { headers }), post(app, task, { headers })]);
    expect(first.statusCode).toBe(503);
    expect(second.statusCode).toBe(409);
    expect(second.json().code).toBe('PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT');
    expect(second.headers['retry-after']).toBeDefined();
  });

  it('can be used again after a send that failed', async () => {
    const { app, broker } = await openGateway();
    broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'no broker');
    expect((await post(app, task, { headers })).statusCode).toBe(503);
    broker.behaviour = 'acknowledge';
    expect((await post(app, task, { headers })).statusCode).toBe(202);
  });
});
