import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningRegistry, startRegistry } from '../../deploy/embedded/registry/server.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const person = { type: 'record', name: 'Person', fields: [{ name: 'name', type: 'string' }] };
const withAge = { ...person, fields: [...person.fields, { name: 'age', type: 'int', default: 0 }] };
const withRequiredAge = { ...person, fields: [...person.fields, { name: 'age', type: 'int' }] };

let dataDir: string;
let registry: RunningRegistry;

beforeEach(async () => {
  dataDir = makeTempDir();
  registry = await startRegistry({ dataDir, port: 0 });
});
afterEach(() => registry.close());

async function restart(): Promise<void> {
  await registry.close();
  registry = await startRegistry({ dataDir, port: 0 });
}

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${registry.port}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' } }),
  });
  expect(response.headers.get('content-type')).toContain('application/vnd.schemaregistry.v1+json');
  return { status: response.status, body: await response.json() };
}

const register = (subject: string, schema: unknown) =>
  call('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) });

describe('the embedded registry', () => {
  it('serves the client package: register, look up, encode and decode by id', async () => {
    const client = new SchemaRegistry({ host: `http://127.0.0.1:${registry.port}` });
    const { id } = await client.register(
      { type: SchemaType.AVRO, schema: JSON.stringify(person) },
      { subject: 'people-value' },
    );
    const bytes = await client.encode(id, { name: 'Ada' });
    const other = new SchemaRegistry({ host: `http://127.0.0.1:${registry.port}` });
    expect(await other.decode(bytes)).toEqual({ name: 'Ada' });
    expect(await other.getLatestSchemaId('people-value')).toBe(id);
    expect(await other.getRegistryId('people-value', 1)).toBe(id);
  });

  it('gives one schema one id over all subjects, however its text is laid out', async () => {
    const first = await register('a-value', person);
    const turned = { fields: person.fields, name: 'Person', type: 'record' };
    expect((await register('b-value', turned)).body).toEqual(first.body);
    expect((await register('a-value', turned)).body).toEqual(first.body);
    expect((await call('GET', '/subjects/a-value/versions')).body).toEqual([1]);
    expect((await call('GET', '/schemas/ids/1/versions')).body).toEqual([
      { subject: 'a-value', version: 1 },
      { subject: 'b-value', version: 1 },
    ]);
  });

  it('refuses what readers of the latest schema can not read, and only that', async () => {
    await register('a-value', person);
    const refused = await register('a-value', withRequiredAge);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ error_code: 409, message: expect.stringContaining('age') });
    const path = '/compatibility/subjects/a-value/versions/latest';
    const ask = async (schema: unknown) => (await call('POST', path, { schema: JSON.stringify(schema) })).body;
    expect(await ask(withRequiredAge)).toEqual({ is_compatible: false });
    expect(await ask(withAge)).toEqual({ is_compatible: true });
    expect((await register('a-value', withAge)).status).toBe(200);
    await call('PUT', '/config/a-value', { compatibility: 'NONE' });
    expect((await register('a-value', withRequiredAge)).status).toBe(200);
    expect((await call('GET', '/subjects/a-value/versions')).body).toEqual([1, 2, 3]);
  });

  it('compares with every version where the level is transitive, forward where it is forward', async () => {
    await call('PUT', '/config', { compatibility: 'NONE' });
    await register('a-value', person);
    await register('a-value', withRequiredAge);
    const later = { ...withRequiredAge, fields: [...withRequiredAge.fields, { name: 'x', type: 'int', default: 1 }] };
    await call('PUT', '/config/a-value', { compatibility: 'BACKWARD_TRANSITIVE' });
    expect((await register('a-value', later)).status).toBe(409);
    await call('PUT', '/config/a-value', { compatibility: 'BACKWARD' });
    expect((await register('a-value', later)).status).toBe(200);
    await call('PUT', '/config/a-value', { compatibility: 'FORWARD' });
    expect((await register('a-value', person)).status).toBe(200);
    await register('f-value', withRequiredAge);
    await call('PUT', '/config/f-value', { compatibility: 'FORWARD' });
    expect((await register('f-value', person)).status).toBe(409);
  });

  it('keeps schemas, deletions and levels over a restart', async () => {
    await register('a-value', person);
    await register('a-value', withAge);
    await register('b-value', withAge);
    await call('DELETE', '/subjects/a-value/versions/1');
    await call('PUT', '/config/a-value', { compatibility: 'FULL' });
    await restart();
    expect((await call('GET', '/subjects')).body).toEqual(['a-value', 'b-value']);
    expect((await call('GET', '/subjects/a-value/versions')).body).toEqual([2]);
    expect((await call('GET', '/config/a-value')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect((await call('GET', '/schemas/ids/1')).body).toEqual({ schema: JSON.stringify(person) });
    expect((await register('c-value', { ...person, name: 'Other' })).body).toEqual({ id: 3 });
  });

  it('cuts off a last line that a crash left unfinished, and writes on behind it', async () => {
    await register('a-value', person);
    await registry.close();
    await appendFile(join(dataDir, 'schemas.ndjson'), '{"op":"register","subject":"b-va');
    registry = await startRegistry({ dataDir, port: 0 });
    expect((await call('GET', '/subjects')).body).toEqual(['a-value']);
    await register('c-value', withAge);
    await restart();
    expect((await call('GET', '/subjects')).body).toEqual(['a-value', 'c-value']);
  });

  it('does not start on a log with an unreadable line in the middle', async () => {
    await register('a-value', person);
    await registry.close();
    const file = join(dataDir, 'schemas.ndjson');
    const good = await readFile(file, 'utf8');
    await writeFile(file, `garbage\n${good}`);
    await expect(startRegistry({ dataDir, port: 0 })).rejects.toMatchObject({ code: 'PIPE_STACK_REGISTRY_DAMAGED' });
    await writeFile(file, good);
    registry = await startRegistry({ dataDir, port: 0 });
  });

  it('answers simultaneous registrations of one schema with one id and one version', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => register('a-value', person)));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body)))).toEqual(new Set(['{"id":1}']));
    expect((await call('GET', '/subjects/a-value/versions')).body).toEqual([1]);
  });

  it('deletes softly first, for good only then, and never gives a version out twice', async () => {
    await register('a-value', person);
    expect(await call('DELETE', '/subjects/a-value?permanent=true')).toMatchObject({ status: 404 });
    expect(await call('DELETE', '/subjects/a-value')).toEqual({ status: 200, body: [1] });
    expect(await call('GET', '/subjects/a-value/versions')).toMatchObject({ body: { error_code: 40401 } });
    expect((await call('GET', '/subjects?deleted=true')).body).toEqual(['a-value']);
    expect((await call('GET', '/schemas/ids/1')).status).toBe(200);
    expect(await call('DELETE', '/subjects/a-value?permanent=true')).toEqual({ status: 200, body: [1] });
    await register('a-value', person);
    expect((await call('GET', '/subjects/a-value/versions/latest')).body).toMatchObject({ version: 2, id: 1 });
  });

  it('refuses a port in use by its name', async () => {
    const second = startRegistry({ dataDir: makeTempDir(), port: registry.port });
    await expect(second).rejects.toMatchObject({ code: 'PIPE_STACK_PORT_IN_USE' });
  });

  it.each([
    ['GET', '/subjects/none/versions', undefined, 404, 40401],
    ['GET', '/subjects/none/versions/1', undefined, 404, 40401],
    ['GET', '/subjects/a-value/versions/9', undefined, 404, 40402],
    ['GET', '/subjects/a-value/versions/nine', undefined, 422, 42202],
    ['GET', '/schemas/ids/99', undefined, 404, 40403],
    ['GET', '/schemas/ids/x', undefined, 404, 40403],
    ['POST', '/subjects/none', { schema: '"int"' }, 404, 40401],
    ['POST', '/subjects/a-value', { schema: '"int"' }, 404, 40403],
    ['POST', '/subjects/a-value/versions', { schema: '{"type":"record"}' }, 422, 42201],
    ['POST', '/subjects/a-value/versions', { schema: 'no json' }, 422, 42201],
    ['POST', '/subjects/a-value/versions', { schema: '"int"', schemaType: 'PROTOBUF' }, 422, 42201],
    ['POST', '/subjects/a-value/versions', [], 422, 42201],
    ['PUT', '/config', { compatibility: 'SOMETIMES' }, 422, 42203],
    ['GET', '/config/a-value', undefined, 404, 40408],
    ['GET', '/nowhere', undefined, 404, 404],
  ])('%s %s with %j is answered %i, code %i', async (method, path, body, status, code) => {
    await register('a-value', person);
    const answer = await call(method, path, body);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
  });

  it('refuses bodies that are no JSON, and types a browser may send unasked', async () => {
    const send = (type: string, body: string) =>
      fetch(`http://127.0.0.1:${registry.port}/subjects/a-value/versions`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
    expect((await send('application/json', '{')).status).toBe(400);
    expect((await send('text/plain', '{"schema":"\\"int\\""}')).status).toBe(415);
    expect((await send('application/json', JSON.stringify({ schema: 'x'.repeat(2 << 20) }))).status).toBe(413);
  });
});
