import { CloudEvent, emitterFor, HTTP, type Message, Mode } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec } from '../../schemas/codec.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { idempotentId } from '../../schemas/task-id.ts';
import { until } from '../helpers/until.ts';
import { openGateway, post, type TestGateway, task, tasksUrl } from './open-gateway.ts';

const attributes = { id: 'order-18', source: '/shop', type: 'shop.file.added', time: '2026-11-21T09:30:00.000Z' };
const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const event = new CloudEvent({ ...attributes, data: task, partitionkey: 'customer-7', traceparent: trace });

/** The SDK's own emitter, with our gateway as its transport. */
function emitter({ app }: TestGateway, mode: Mode, headers: Record<string, string> = {}) {
  const transport = (message: Message) =>
    post(app, String(message.body), { headers: { ...stringsOf(message.headers), ...headers } });
  return emitterFor(transport, { mode });
}

const stringsOf = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const envelopes = ({ broker }: TestGateway) =>
  broker.of('assets.download').map(({ headers }) => JSON.parse(String(headers?.penstock)));

describe.each([
  ['binary', Mode.BINARY],
  ['structured', Mode.STRUCTURED],
])('an event of the SDK in %s mode', (_name, mode) => {
  it('becomes a task with its id, source, time, key and trace', async () => {
    const gateway = await openGateway();
    const response = (await emitter(gateway, mode)(event)) as Awaited<ReturnType<typeof post>>;
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ id: 'order-18', topic: 'assets.download' });
    expect(envelopes(gateway)).toEqual([{ id: 'order-18', source: '/shop', at: Date.parse(attributes.time), trace }]);
    expect(gateway.broker.of('assets.download')[0]?.key).toBe('customer-7');
  });

  it('is announced as submitted at its own time, as the worker will tell it: else it stands in the list twice', async () => {
    const gateway = await openGateway();
    await emitter(gateway, mode)(event);
    const record = await until('the accepted row', () => gateway.broker.of('penstock.attempts')[0]);
    const { attempts } = await createCodec({ registryUrl: gateway.registry.url }).decode(
      attemptBatchSchema,
      record.value,
    );
    expect(attempts).toMatchObject([{ taskId: 'order-18', submittedAt: Date.parse(attributes.time) }]);
  });

  it('is one task however often it comes', async () => {
    const gateway = await openGateway();
    const emit = emitter(gateway, mode);
    await Promise.all([emit(event), emit(event), emit(event)]);
    await emit(event);
    expect(gateway.broker.of('assets.download')).toHaveLength(1);
  });

  it('keeps text of any language', async () => {
    const gateway = await openGateway();
    const source = '/лавка/✓ 100%';
    const fields = { specversion: '1.0', id: 'x', type: 't' };
    const response =
      mode === Mode.BINARY
        ? await post(gateway.app, task, {
            headers: { 'ce-specversion': '1.0', 'ce-id': 'x', 'ce-type': 't', 'ce-source': encodeURIComponent(source) },
          })
        : await post(
            gateway.app,
            { ...fields, source, data: task },
            {
              headers: { 'content-type': 'application/cloudevents+json' },
            },
          );
    expect(response.statusCode).toBe(202);
    expect(envelopes(gateway)[0].source).toBe(source);
  });

  it('whose data does not fit is a 422 with pointers', async () => {
    const gateway = await openGateway();
    const response = (await emitter(gateway, mode)(event.cloneWith({ data: { url: 7 } }))) as Awaited<
      ReturnType<typeof post>
    >;
    expect(response.statusCode).toBe(422);
    expect(response.json().errors).toEqual([{ pointer: '/url', detail: 'must be a string' }]);
  });
});

describe('the id of an event', () => {
  const url = tasksUrl;
  const headers = HTTP.binary(event).headers;
  const send = ({ app }: TestGateway, extra: Record<string, string>) =>
    post(app, task, { url, headers: { ...stringsOf(headers), ...extra } });

  it('of a caller bound to a tenant is only part of the task’s: nobody takes an id of another tenant', async () => {
    const gateway = await openGateway({ tokens: 'a tenant=acme, free' });
    const bound = await send(gateway, { authorization: 'Bearer a' });
    const free = await send(gateway, { authorization: 'Bearer free' });
    expect(bound.json().id).toBe(idempotentId('acme', 'assets', 'event//shop\norder-18'));
    expect(free.json().id).toBe('order-18');
  });

  it('of another source is another event', async () => {
    const gateway = await openGateway();
    expect((await send(gateway, {})).statusCode).toBe(202);
    expect((await send(gateway, { 'ce-source': '/other' })).statusCode).toBe(202);
    expect(gateway.broker.of('assets.download')).toHaveLength(2);
  });

  it('with other data is a conflict', async () => {
    const gateway = await openGateway();
    await send(gateway, {});
    const response = await post(gateway.app, { ...task, name: 'x' }, { headers: stringsOf(headers) });
    expect(response.statusCode).toBe(422);
    expect(response.json().code).toBe('PIPE_GATEWAY_IDEMPOTENCY_CONFLICT');
  });

  it('gives way to an Idempotency-Key', async () => {
    const gateway = await openGateway();
    const response = await send(gateway, { 'idempotency-key': 'k' });
    expect(response.json().id).toBe(idempotentId(undefined, 'assets', 'k'));
  });
});

describe('a batch of events', () => {
  const batchHeaders = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' };
  const one = (id: string, change: object = {}) => ({ specversion: '1.0', ...attributes, id, data: task, ...change });

  it('is taken event by event', async () => {
    const gateway = await openGateway();
    const events = [one('a'), one('b', { specversion: '0.3' }), one('c', { data: {} }), 7, one('d'), one('a')];
    const response = await post(gateway.app, events, { headers: batchHeaders });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({
      accepted: 3,
      ids: ['a', 'd', 'a'],
      rejected: [
        { index: 1, error: { code: 'PIPE_GATEWAY_EVENT_INVALID' } },
        { index: 2, error: { code: 'PIPE_TASK_SCHEMA_MISMATCH' } },
        { index: 3, error: { code: 'PIPE_GATEWAY_EVENT_INVALID' } },
      ],
    });
    expect(envelopes(gateway).map(({ id }) => id)).toEqual(['a', 'd']);
  });

  it('without an event is a 400', async () => {
    const { app } = await openGateway();
    expect((await post(app, [], { headers: batchHeaders })).statusCode).toBe(400);
  });
});

describe('what is no event', () => {
  const structured = { 'content-type': 'application/cloudevents+json' };
  const valid = { specversion: '1.0', ...attributes, data: task };
  const cases: readonly [string, unknown, string][] = [
    ['no specversion', { ...valid, specversion: undefined }, 'specversion'],
    ['another specversion', { ...valid, specversion: '0.3' }, 'specversion'],
    ['no id', { ...valid, id: undefined }, 'id'],
    ['an empty id', { ...valid, id: '' }, 'id'],
    ['an id that is no text', { ...valid, id: 7 }, 'id'],
    ['an id with a line break', { ...valid, id: 'a\r\nb' }, 'id'],
    ['no source', { ...valid, source: undefined }, 'source'],
    ['no type', { ...valid, type: undefined }, 'type'],
    ['an empty type', { ...valid, type: '' }, 'type'],
    ['a time that is none', { ...valid, time: 'yesterday' }, 'time'],
    ['data that is no JSON', { ...valid, datacontenttype: 'text/xml' }, 'datacontenttype'],
    ['data twice', { ...valid, data_base64: 'e30=' }, 'data'],
    ['Base64 that is none', { ...valid, data: undefined, data_base64: '?' }, 'data_base64'],
    ['an array', [valid], 'object'],
  ];

  it.each(cases)('%s is a 400 that says so', async (_name, body, word) => {
    const { app, broker } = await openGateway();
    const response = await post(app, body, { headers: structured });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'PIPE_GATEWAY_EVENT_INVALID' });
    expect(response.json().detail).toContain(word);
    expect(broker.sent).toHaveLength(0);
  });

  it('takes Base64 of JSON, null attributes, unknown extensions, and any +json type', async () => {
    const { app } = await openGateway();
    const data_base64 = Buffer.from(JSON.stringify(task)).toString('base64');
    const odd = {
      ...valid,
      data: undefined,
      data_base64,
      time: null,
      datacontenttype: 'application/vnd.x+json',
      ext: 1,
    };
    expect((await post(app, odd, { headers: structured })).statusCode).toBe(202);
  });

  it('other formats are a 415', async () => {
    const { app } = await openGateway();
    const headers = { 'content-type': 'application/cloudevents+avro' };
    expect((await post(app, 'x', { headers })).statusCode).toBe(415);
  });

  it('whatever is in it, the answer is no 5xx', async () => {
    const { app } = await openGateway();
    const field = fc.option(fc.jsonValue(), { nil: undefined });
    const anyEvent = fc.record({
      specversion: fc.constantFrom('1.0', 1),
      id: field,
      source: field,
      type: field,
      time: field,
      data: field,
    });
    await fc.assert(
      fc.asyncProperty(anyEvent, async (body) => {
        expect((await post(app, body, { headers: structured })).statusCode).toBeLessThan(500);
      }),
      { numRuns: 100 },
    );
  });
});
