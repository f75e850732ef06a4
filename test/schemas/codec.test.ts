import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCodec } from '../../schemas/codec.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { type AttemptBatch, attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import type { AvroJson, RecordSchema } from '../../schemas/record-schema.ts';
import { type RegistryDouble, startRegistryDouble } from './registry-double.ts';

let registry: RegistryDouble;
beforeEach(async () => {
  registry = await startRegistryDouble();
});
afterEach(() => registry.close());

const subject = 'assets.download-value';
const task = { url: 'http://127.0.0.1/a.csv', sha256: null, name: 'a.csv' };

function frame(id: number, ...body: number[]): Buffer {
  const value = Buffer.from([0, 0, 0, 0, 0, ...body]);
  value.writeInt32BE(id, 1);
  return value;
}

/** Reads a value and gives back the code of its failure. */
async function codeOf(read: () => unknown): Promise<string> {
  try {
    await read();
  } catch (thrown) {
    if (thrown instanceof PenstockError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

async function registered(schema: RecordSchema<unknown> = downloadTaskSchema) {
  const codec = createCodec({ registryUrl: registry.url });
  await codec.register(subject, schema);
  return codec;
}

describe('framed values', () => {
  it('come back as they went, at once where the id is known', async () => {
    const codec = await registered();
    const value = codec.encode(downloadTaskSchema, subject, task);
    expect([...value.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
    const before = registry.requests.length;
    expect(codec.decode(downloadTaskSchema, value)).toEqual(task);
    expect(registry.requests).toHaveLength(before);
  });

  it('are read by another process after one request, however many wait for it', async () => {
    const value = (await registered()).encode(downloadTaskSchema, subject, task);
    const reader = createCodec({ registryUrl: registry.url });
    const before = registry.requests.length;
    const read = await Promise.all([1, 2, 3].map(() => reader.decode(downloadTaskSchema, value)));
    expect(read).toEqual([task, task, task]);
    expect(registry.requests.slice(before)).toEqual(['GET /schemas/ids/1']);
    expect(reader.decode(downloadTaskSchema, value)).toEqual(task);
  });

  it('larger than the scratch buffer are written whole', async () => {
    const codec = await registered(attemptBatchSchema);
    const batch = batchOf(2000);
    const value = codec.encode(attemptBatchSchema, subject, batch);
    expect(value.length).toBeGreaterThan(65_536);
    expect(codec.decode(attemptBatchSchema, value)).toEqual(batch);
    expect(codec.decode(attemptBatchSchema, codec.encode(attemptBatchSchema, subject, batchOf(1)))).toEqual(batchOf(1));
  });

  it('of an older or foreign writer are read by resolution, whatever its namespace', async () => {
    const id = registry.add({
      type: 'record',
      name: 'DownloadTask',
      namespace: 'com.example',
      fields: [
        { name: 'extra', type: { type: 'array', items: 'long' } },
        { name: 'url', type: 'string' },
      ],
    });
    const codec = createCodec({ registryUrl: registry.url });
    const read = await codec.decode(downloadTaskSchema, frame(id, 4, 2, 4, 0, 2, 0x78));
    expect(read).toEqual({ url: 'x', sha256: null, name: null });
  });

  it('register is idempotent and finds what is there', async () => {
    const codec = await registered();
    const before = registry.requests.length;
    await codec.register(subject, downloadTaskSchema);
    expect(registry.requests).toHaveLength(before);
    await registered();
    expect(registry.requests.slice(before)).toEqual([`POST /subjects/${subject}`]);
  });

  it('a subject with another compatibility level keeps it', async () => {
    await fetch(`${registry.url}/config/${subject}`, { method: 'PUT', body: '{"compatibility":"BACKWARD"}' });
    const codec = await registered();
    expect(registry.requests.filter((line) => line.startsWith('PUT'))).toHaveLength(1);
    expect(codec.encode(downloadTaskSchema, subject, task)[0]).toBe(0);
  });
});

describe('what encode refuses', () => {
  it('a value that does not fit, naming the paths', async () => {
    const codec = await registered();
    const wrong: unknown = { url: 7, sha256: null, name: ['x'] };
    const encode = () => codec.encode<unknown>(downloadTaskSchema, subject, wrong);
    expect(encode).toThrow(/penstock.DownloadTask at \/url, \/name/);
    expect(await codeOf(encode)).toBe('PIPE_TASK_SCHEMA_MISMATCH');
  });

  it.each(['constructor', 'toString', '__proto__'])('the enum symbol %s, which every object has', async (kind) => {
    const codec = await registered(controlRecordSchema);
    const record: unknown = { kind, pipeline: 'p', at: 1 };
    expect(await codeOf(() => codec.encode<unknown>(controlRecordSchema, subject, record))).toBe(
      'PIPE_TASK_SCHEMA_MISMATCH',
    );
  });

  it('a schema that was never registered', async () => {
    const codec = createCodec({ registryUrl: registry.url });
    expect(await codeOf(() => codec.encode(downloadTaskSchema, subject, task))).toBe('PIPE_SCHEMA_NOT_REGISTERED');
  });
});

describe('what decode refuses', () => {
  const cases: [string, Buffer | null, string][] = [
    ['no value', null, 'PIPE_TASK_EMPTY'],
    ['an empty value', Buffer.alloc(0), 'PIPE_TASK_EMPTY'],
    ['text', Buffer.from('hello'), 'PIPE_TASK_NOT_JSON'],
    ['broken JSON', Buffer.from('{"url":'), 'PIPE_TASK_NOT_JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'PIPE_TASK_NOT_JSON'],
    ['a prototype key', Buffer.from('{"url":"x","__proto__":{"name":"y"}}'), 'PIPE_TASK_NOT_JSON'],
    ['a JSON list', Buffer.from('[]'), 'PIPE_TASK_SCHEMA_MISMATCH'],
    ['JSON null', Buffer.from('null'), 'PIPE_TASK_SCHEMA_MISMATCH'],
    ['a frame cut short', Buffer.from([0, 0, 0]), 'PIPE_TASK_NOT_JSON'],
    ['an unknown id', frame(77, 2, 0x78, 0, 0), 'PIPE_TASK_SCHEMA_UNKNOWN'],
    ['a negative id', frame(-1, 2, 0x78, 0, 0), 'PIPE_TASK_SCHEMA_UNKNOWN'],
    ['a body cut short', frame(1, 2, 0x78), 'PIPE_TASK_AVRO_DAMAGED'],
    ['no body', frame(1), 'PIPE_TASK_AVRO_DAMAGED'],
    ['bytes left over', frame(1, 2, 0x78, 0, 0, 0), 'PIPE_TASK_AVRO_DAMAGED'],
    ['a union branch that does not exist', frame(1, 2, 0x78, 8, 0), 'PIPE_TASK_AVRO_DAMAGED'],
    ['a string longer than the body', frame(1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x78), 'PIPE_TASK_AVRO_DAMAGED'],
    ['a string of negative length', frame(1, 1, 0x78, 0, 0), 'PIPE_TASK_AVRO_DAMAGED'],
    ['a value above the limit', Buffer.alloc(5_000_000, 0x20), 'PIPE_TASK_TOO_LARGE'],
  ];
  it.each(cases)('%s', async (_name, value, code) => {
    const codec = await registered();
    expect(await codeOf(() => codec.decode(downloadTaskSchema, value))).toBe(code);
  });

  it('a writer that does not fit, with the reason, and asks for it once', async () => {
    const id = registry.add({ type: 'record', name: 'DownloadTask', fields: [{ name: 'uri', type: 'string' }] });
    const codec = createCodec({ registryUrl: registry.url });
    await expect(async () => codec.decode(downloadTaskSchema, frame(id, 2, 0x78))).rejects.toThrow(
      /url: the field is new and has no default/,
    );
    expect(await codeOf(() => codec.decode(downloadTaskSchema, frame(id, 2, 0x78)))).toBe('PIPE_TASK_SCHEMA_MISMATCH');
    expect(registry.requests).toHaveLength(1);
  });

  it('a long beyond 2^53', async () => {
    const schema: RecordSchema<unknown> = recordOf('Long', 'long');
    const codec = await registered(schema);
    const huge = frame(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    await expect(async () => codec.decode(schema, huge)).rejects.toThrow(/outside ±\(2\^53/);
  });

  it('a schema id that is no Avro', async () => {
    registry.override = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ schemaType: 'JSON', schema: '{"type":"object"}' }));
    };
    const codec = createCodec({ registryUrl: registry.url });
    expect(await codeOf(() => codec.decode(downloadTaskSchema, frame(9, 0)))).toBe('PIPE_TASK_SCHEMA_MISMATCH');
  });
});

describe('the registry', () => {
  const faults: [string, (response: import('node:http').ServerResponse) => void][] = [
    ['fails', (response) => response.writeHead(500).end('{"message":"boom"}')],
    ['fails with an empty body', (response) => response.writeHead(503).end()],
    ['is some other web server', (response) => response.writeHead(404).end('<html>Not Found</html>')],
    ['is a proxy with a page', (response) => response.writeHead(200).end('<html>Log in</html>')],
    ['asks for credentials', (response) => response.writeHead(401).end('{}')],
    ['cuts the answer off', (response) => response.writeHead(200, { 'content-length': 99 }).write('{"sch')],
    ['hangs up', (response) => response.destroy()],
    ['never answers', () => undefined],
  ];
  it.each(faults)('%s: passing, and the next try asks again', async (_name, fault) => {
    const id = registry.add(downloadTaskSchema.avro);
    registry.override = (_request, response) => fault(response);
    const codec = createCodec({ registryUrl: registry.url, registryTimeoutMs: 100 });
    const value = frame(id, 2, 0x78, 0, 0);
    expect(await codeOf(() => codec.decode(downloadTaskSchema, value))).toBe('PIPE_REGISTRY_UNAVAILABLE');
    expect(await codeOf(() => codec.register(subject, downloadTaskSchema))).toBe('PIPE_REGISTRY_UNAVAILABLE');
    registry.override = undefined;
    expect(await codec.decode(downloadTaskSchema, value)).toEqual({ url: 'x', sha256: null, name: null });
  });

  it('is away: passing, and known ids go on', async () => {
    const codec = await registered();
    const value = codec.encode(downloadTaskSchema, subject, task);
    await registry.close();
    expect(codec.decode(downloadTaskSchema, value)).toEqual(task);
    expect(await codeOf(() => codec.decode(downloadTaskSchema, frame(5, 0)))).toBe('PIPE_REGISTRY_UNAVAILABLE');
  });

  it('is not asked again at once for an id it does not know, but later', async () => {
    let nowMs = 0;
    const codec = createCodec({ registryUrl: registry.url, now: () => nowMs });
    const value = frame(3, 2, 0x78, 0, 0);
    expect(await codeOf(() => codec.decode(downloadTaskSchema, value))).toBe('PIPE_TASK_SCHEMA_UNKNOWN');
    expect(await codeOf(() => codec.decode(downloadTaskSchema, value))).toBe('PIPE_TASK_SCHEMA_UNKNOWN');
    expect(registry.requests).toHaveLength(1);
    registry.add(downloadTaskSchema.avro, 3);
    nowMs = 10_001;
    expect(await codec.decode(downloadTaskSchema, value)).toEqual({ url: 'x', sha256: null, name: null });
  });

  it('refuses an incompatible schema: permanent', async () => {
    registry.override = (request, response) => {
      const lookup = request.url === `/subjects/${subject}`;
      response.writeHead(lookup || request.url?.startsWith('/config') ? 404 : 409);
      response.end('{"message":"incompatible"}');
    };
    const codec = createCodec({ registryUrl: registry.url });
    expect(await codeOf(() => codec.register(subject, downloadTaskSchema))).toBe('PIPE_SCHEMA_INCOMPATIBLE');
  });

  it('sees the credentials of its URL, errors do not', async () => {
    const seen: (string | undefined)[] = [];
    registry.override = (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(500).end('{}');
    };
    const codec = createCodec({ registryUrl: registry.url.replace('//', '//user:p%40ss@') });
    const failed = await Promise.resolve(codec.decode(downloadTaskSchema, frame(5, 0))).catch(String);
    expect(seen).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    expect(failed).not.toContain('p%40ss');
  });
});

describe('JSON values', () => {
  const codec = createCodec({ registryUrl: 'http://127.0.0.1:1' });
  const read = (text: string) => codec.decode(downloadTaskSchema, Buffer.from(text));

  it('need no registry; defaults are filled in, unknown fields dropped', () => {
    expect(read('{"url":"http://h/a"}')).toEqual({ url: 'http://h/a', sha256: null, name: null });
    expect(read('\n {"url":"u","name":"n","more":[1]}')).toEqual({ url: 'u', sha256: null, name: 'n' });
  });

  it('that do not fit name the pointers, never the values', () => {
    expect(() => read('{"name":12345}')).toThrow(
      'does not fit penstock.DownloadTask: /url is missing; /name must be a string',
    );
  });

  it('nested without end are refused or ignored', async () => {
    const deep = `{"url":"u","x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`;
    expect(read(deep)).toEqual({ url: 'u', sha256: null, name: null });
  });

  it('of any kind throw nothing but PenstockErrors', async () => {
    // A first byte of 0 makes it a framed value, whose schema the registry is asked for.
    const unframed = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\0'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), unframed), async (text) => {
        expect(await codeOf(() => read(text))).toMatch(/^(none|PIPE_TASK_\w+)$/);
      }),
    );
  });
});

function recordOf(name: string, type: AvroJson): RecordSchema<unknown> {
  return { name, avro: { type: 'record', name, fields: [{ name: 'value', type }] } };
}

function batchOf(count: number): AttemptBatch {
  const attempt = {
    eventTime: 1_763_719_200_000,
    startedAt: 1_763_719_199_000,
    submittedAt: 1_763_719_100_000,
    outcome: 'ok' as const,
    taskId: 'f7c57d95-9e2b-45d0-a990-d27165779581',
    parentId: '',
    tenant: 'é漢🙂',
    attempt: 1,
    queueMs: 4,
    runMs: 1000,
    bytesIn: 10,
    bytesOut: 0,
    errorCode: '',
    errorFingerprint: '',
    errorMessage: '',
    partition: 3,
    offset: 9_007_199_254_740_990,
    nextStage: 'transform',
    replayId: '',
    traceId: '',
    attrs: { rows: '12' },
  };
  const attempts = Array.from({ length: count }, () => attempt);
  return { worker: 'w', codeVersion: '', pipeline: 'assets', stage: 'download', topic: 'assets.download', attempts };
}
