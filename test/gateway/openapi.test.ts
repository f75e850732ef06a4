import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TaskDetail } from '../../gateway/history/history.ts';
import { emptyHistory, openGateway } from './open-gateway.ts';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: unknown;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: object; example?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { description: string; content?: Readonly<Record<string, Media>> }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const detail: TaskDetail = {
  id: '01a1fdbd-1481-70d9-8767-9f0a996a92e3',
  pipeline: 'assets',
  stage: 'download',
  state: 'succeeded',
  submittedAt: '2026-11-21T09:30:00.000Z',
  finishedAt: '2026-11-21T09:30:01.000Z',
  attempts: 1,
  result: { rows: 3 },
  timeline: [
    {
      ...{ time: '2026-11-21T09:30:01.000Z', stage: 'download', outcome: 'ok', attempt: 1, queueMs: 1, runMs: 2 },
      ...{ worker: 'w', errorCode: '', errorMessage: '', topic: 'assets.download', partition: 0, offset: 7 },
    },
  ],
};
const history = {
  ...emptyHistory,
  task: async (id: string) => (id === detail.id ? detail : undefined),
  tasks: async () => [detail],
};

let document: Document;
let ajv: Ajv2020;

async function documentOf(tokens?: string): Promise<Document> {
  const { app } = await openGateway({ history, ...(tokens !== undefined && { tokens }) });
  return (await app.inject('/openapi.json')).json();
}

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
  );

beforeEach(async () => {
  document = await documentOf();
  ajv = new Ajv2020({ strict: false, validateFormats: true });
  formats.default(ajv);
});

it('is a valid OpenAPI 3.1 document with the routes of the API', async () => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
  expect(errors ?? valid).toBe(true);
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/asyncapi.json',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/v1/pipelines',
      '/v1/pipelines/{pipeline}',
      '/v1/pipelines/{pipeline}/tasks',
      '/v1/tasks',
      '/v1/tasks/{id}',
    ]),
  );
});

it('says of every route what it is for, and how its own failures look', () => {
  for (const { name, operation } of operations()) {
    expect(operation.summary, name).toBeTruthy();
    expect(operation.tags, name).toHaveLength(1);
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      expect(description, `${name} ${status}`).not.toBe('Default Response');
      if (Number(status) >= 400) expect(Object.keys(content ?? {}), name).toEqual(['application/problem+json']);
    }
  }
});

it('asks for no parameter that has a default', () => {
  const parameters = operations().flatMap(({ operation }) => operation.parameters ?? []);
  const withDefault = parameters.filter(({ schema }) => schema && 'default' in schema);
  expect(withDefault.length).toBeGreaterThan(1);
  expect(withDefault.filter(({ required }) => required)).toEqual([]);
});

it('with tokens says where one is needed', async () => {
  const { paths } = await documentOf('t');
  expect(paths['/health/live']?.get?.security).toBeUndefined();
  expect(paths['/v1/tasks']?.get?.security).toEqual([{ token: [] }]);
  expect(Object.keys(paths['/v1/tasks']?.get?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403', '429']));
});

interface Example {
  readonly contentType?: string;
  readonly body?: unknown;
}

function examplesOf({ requestBody }: Operation): Example[] {
  if (!requestBody) return [{}];
  return Object.entries(requestBody.content).flatMap(([contentType, { example, examples }]) => {
    const values = example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example];
    return values.map((body) => ({ contentType, body }));
  });
}

function urlOf(path: string, { parameters = [] }: Operation): string {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  return inPath.reduce((url, { name, example }) => url.replace(`{${name}}`, encodeURIComponent(String(example))), path);
}

/** Of a stream of events the document describes each event. */
function valuesOf(type: string, body: string): unknown[] {
  if (type === 'application/json') return [JSON.parse(body)];
  if (type !== 'text/event-stream') return [body];
  const blocks = body.split('\n\n').filter((block) => /^(event|data|id):/m.test(block));
  expect(blocks).not.toEqual([]);
  return blocks.map((block) => Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2))));
}

const recordPaths = ['/v1/dead-letters/{topic}/{partition}/{offset}', '/v1/tasks/{id}/record'];

it('every example runs, and its answer fits what the document says', async () => {
  let ran = 0;
  for (const { name, method, path, operation } of operations()) {
    // They never end.
    if (path === '/v1/pipelines/{pipeline}/events' || path === '/v1/live') continue;
    // Nothing is stored that they could show.
    if (recordPaths.includes(path)) continue;
    const examples = examplesOf(operation);
    expect(examples, `${name} has an example of each body`).not.toEqual([]);
    for (const { contentType, body } of examples) {
      const { app } = await openGateway({ history });
      const response = await app.inject({
        method: method.toUpperCase() as 'GET' | 'POST',
        url: urlOf(path, operation),
        ...(contentType !== undefined && { headers: { 'content-type': contentType } }),
        ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      expect(response.statusCode, `${name} ${JSON.stringify(body)}: ${response.body}`).toBeLessThan(300);
      const content = operation.responses[response.statusCode]?.content ?? {};
      const [type = ''] = String(response.headers['content-type']).split(';');
      const schema = content[type]?.schema;
      expect(schema, `${name} documents ${response.statusCode} as ${type}`).toBeDefined();
      for (const value of valuesOf(type, response.body)) {
        expect(ajv.validate(schema ?? false, value), `${name}: ${ajv.errorsText()}`).toBe(true);
      }
      ran += 1;
    }
  }
  expect(ran).toBeGreaterThanOrEqual(12);
});

it('refusals fit it too', async () => {
  const { app } = await openGateway();
  const submit = document.paths['/v1/pipelines/{pipeline}/tasks']?.post;
  for (const payload of ['{', '{"url":1}', '']) {
    const headers = { 'content-type': 'application/json' };
    const response = await app.inject({ method: 'POST', url: '/v1/pipelines/assets/tasks', headers, payload });
    const schema = submit?.responses[response.statusCode]?.content?.['application/problem+json']?.schema;
    expect(ajv.validate(schema ?? false, response.json()), ajv.errorsText()).toBe(true);
  }
});

describe('/docs', () => {
  it('is a page that loads nothing from elsewhere, under a policy that allows nothing else', async () => {
    const { app } = await openGateway({ tokens: 't' });
    const page = await app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:/);
    expect(page.body).not.toMatch(/<script(?![^>]* src=)|<style|style=| on\w+=|https?:\/\//);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, link]) => new URL(link ?? '', 'http://x/docs/'),
    );
    expect(links.length).toBeGreaterThan(4);
    for (const { pathname } of links) expect((await app.inject(pathname)).statusCode, pathname).toBe(200);
    const initializer = await app.inject('/docs/static/swagger-initializer.js');
    expect(initializer.body).toContain("resolveUrl('./json')");
    expect((await app.inject('/docs/json')).json()).toMatchObject({ openapi: document.openapi });
  });
});
