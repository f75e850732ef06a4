import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import { readPositions, writePositions } from '../../gateway/dead-letters/position.ts';
import { loadConfig } from '../../schemas/config.ts';
import { writeEnvelope } from '../../schemas/envelope.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { readRecords } from '../../topics/read-records.ts';
import { jsonCodec } from '../processors/runtime/json-codec.ts';
import { emptyHistory, emptyStore, pipelines } from './open-gateway.ts';

const topic = 'assets.download.dlq';

async function open() {
  const broker = createMemoryBroker();
  await (await broker.admin()).createTopics([{ name: topic, partitions: 2, config: {} }]);
  const producer = await broker.producer();
  const app = buildGateway({
    config: loadConfig({
      PENSTOCK_TOKENS: 'all, acme roles=read tenant=acme, other roles=read pipelines=else, s roles=submit',
    }),
    ...{ broker, codec: jsonCodec(), pipelines, logger: pino({ level: 'silent' }) },
    ...{ history: emptyHistory, store: emptyStore },
  });
  onTestFinished(() => app.close());
  const ask = async (url: string, token = 'all') => {
    const answer = await app.inject({ url: `/v1/dead-letters${url}`, headers: { authorization: `Bearer ${token}` } });
    return { status: answer.statusCode, body: answer.json() };
  };
  const give = (id: string, { value = '{"url":"x"}', dead = '', partition = 0, tenant = '' } = {}) => {
    const envelope = writeEnvelope({ id, ...(tenant !== '' && { tenant }) });
    const headers = { penstock: envelope, 'penstock-dead': dead, other: 'kept' };
    return producer.send([{ topic, partition, key: `k-${id}`, value: Buffer.from(value), headers }]);
  };
  return { broker, ask, give };
}

const reason = JSON.stringify({
  ...{
    topic: 'assets.download',
    partition: 1,
    offset: 7,
    stage: 'download',
    code: 'PIPE_X',
    message: 'no <b>luck</b>',
  },
  ...{ attempts: 3, firstFailedAt: 1, lastFailedAt: 2 },
});

describe('dead letters', () => {
  it('are a page of the newest of each partition, and older ones behind its cursor', async () => {
    const { ask, give } = await open();
    for (let index = 0; index < 5; index += 1) await give(`a${index}`, { dead: reason });
    await give('b0', { partition: 1 });
    const first = (await ask('?limit=2')).body;
    expect(first.letters.map(({ taskId }: { taskId: string }) => taskId).sort()).toEqual(['a3', 'a4', 'b0']);
    expect(first).toMatchObject({ stored: 6, isPartial: false });
    const rest: string[] = [];
    for (let { cursor } = first; cursor !== undefined; ) {
      const page = (await ask(`?pipeline=assets&stage=download&limit=2&cursor=${cursor}`)).body;
      rest.push(...page.letters.map(({ taskId }: { taskId: string }) => taskId));
      cursor = page.cursor;
    }
    expect(rest.sort()).toEqual(['a0', 'a1', 'a2']);
  });

  it('show why, the key, the headers and the payload', async () => {
    const { ask, give } = await open();
    await give('a', { dead: reason });
    const { body } = await ask(`/${topic}/0/0`);
    expect(body).toMatchObject({
      ...{ taskId: 'a', key: 'k-a', code: 'PIPE_X', message: 'no <b>luck</b>', attempts: 3, stage: 'download' },
      ...{ origin: 'assets.download/1/7', headers: { other: 'kept' }, payload: { url: 'x' } },
    });
    expect(body.undecoded).toBeUndefined();
  });

  it.each(['', 'nonsense', '[]', '{"code":7,"attempts":-1,"message":{},"__proto__":{"stage":"x"}}'])(
    'whose reason is %j have none, and what cannot be decoded is shown as text',
    async (dead) => {
      const { ask, give } = await open();
      await give('a', { dead, value: '\u0000{broken' });
      expect((await ask('?pipeline=assets')).body.letters).toMatchObject([{ code: '', message: '', attempts: 0 }]);
      const { body } = await ask(`/${topic}/0/0`);
      expect(body.undecoded.text).toBe('\u0000{broken');
      expect('payload' in body).toBe(false);
    },
  );

  it('of others are not there for a token that is bound', async () => {
    const { ask, give } = await open();
    await give('theirs', { tenant: 'shop' });
    await give('own', { tenant: 'acme' });
    const { body } = await ask('?pipeline=assets', 'acme');
    expect(body).toMatchObject({ letters: [{ taskId: 'own' }], stored: 1 });
    expect((await ask(`/${topic}/0/1`, 'acme')).status).toBe(200);
    expect((await ask(`/${topic}/0/0`, 'acme')).status).toBe(404);
    expect((await ask('?pipeline=assets', 'other')).body.code).toBe('PIPE_PIPELINE_UNKNOWN');
    expect((await ask(`/${topic}/0/0`, 'other')).status).toBe(404);
    expect((await ask('?pipeline=assets', 's')).status).toBe(403);
  });

  it('are read of no topic but those of dead letters, and of no place that has none', async () => {
    const { ask, give } = await open();
    await give('a');
    for (const place of ['assets.download/0/0', 'penstock.control/0/0', `${topic}/0/1`, `${topic}/9/0`]) {
      expect((await ask(`/${place}`)).body.code).toBe('PIPE_TASK_NOT_DEAD_LETTER');
    }
    expect((await ask('?pipeline=assets&stage=upload')).body).toMatchObject({ letters: [], stored: 0 });
    expect((await ask('?pipeline=assets&limit=101')).status).toBe(400);
    expect((await ask('?stage=download')).body.code).toBe('PIPE_PIPELINE_UNKNOWN');
  });

  it('that came since are on the next page that is asked for', async () => {
    const { ask, give } = await open();
    await give('a');
    expect((await ask('?pipeline=assets')).body.letters).toHaveLength(1);
    await give('b');
    expect((await ask('?pipeline=assets')).body.letters).toHaveLength(2);
  });
});

describe('a reader of spans', () => {
  it('stops at so many bytes, and says so', async () => {
    const { broker, give } = await open();
    for (let index = 0; index < 5; index += 1) await give(`a${index}`, { value: 'x'.repeat(1_000) });
    const read: number[] = [];
    const { isWhole } = await readRecords({
      ...{ broker, name: 'test', maxBytes: 1_500, deadlineMs: 60_000 },
      spans: [{ topic, partition: 0, from: 1, to: 5 }],
      onRecord: (_, { offset }) => read.push(offset),
    });
    expect({ isWhole, read }).toEqual({ isWhole: false, read: [1, 2] });
  });
});

describe('a cursor', () => {
  it('is read as it was written, and nonsense as nothing', () => {
    const positions = new Map([['a.b.dlq/3', 17]]);
    expect(readPositions(writePositions(positions))).toEqual(positions);
    expect(readPositions('!')).toEqual(new Map());
  });
});
