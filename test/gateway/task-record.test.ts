import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import type { History, Scope, TaskDetail, TimelineEntry } from '../../gateway/history/history.ts';
import { loadConfig } from '../../schemas/config.ts';
import { writeEnvelope } from '../../schemas/envelope.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { jsonCodec } from '../processors/runtime/json-codec.ts';
import { emptyHistory, emptyStore, pipelines } from './open-gateway.ts';

const entry = (stage: string, topic: string, offset: number): TimelineEntry => ({
  ...{ time: '2026-01-01T00:00:00.000Z', stage, outcome: 'ok', attempt: 1, queueMs: 0, runMs: 0, worker: 'w' },
  ...{ errorCode: '', errorMessage: '', topic, partition: 0, offset },
});

const task: TaskDetail = {
  ...{ id: 'a', pipeline: 'assets', stage: 'upload', state: 'succeeded', attempts: 2 },
  ...{ submittedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:01.000Z' },
  timeline: [
    entry('download', 'assets.download', 0),
    entry('download', 'assets.download.retry.1m', 0),
    entry('upload', 'assets.upload', 7),
    entry('sniff', 'penstock.control', 0),
  ],
};

async function open() {
  const broker = createMemoryBroker();
  const topics = ['assets.download', 'assets.download.retry.1m', 'assets.upload', 'penstock.control'];
  await (await broker.admin()).createTopics(topics.map((name) => ({ name, partitions: 1, config: {} })));
  const producer = await broker.producer();
  const scopes: Scope[] = [];
  const history: History = {
    ...emptyHistory,
    async task(id, scope) {
      scopes.push(scope);
      return id === task.id && scope.tenant !== 'other' ? task : undefined;
    },
  };
  const app = buildGateway({
    config: loadConfig({ PENSTOCK_TOKENS: 'all, other roles=read tenant=other, s roles=submit' }),
    ...{ broker, codec: jsonCodec(), pipelines, logger: pino({ level: 'silent' }), history, store: emptyStore },
  });
  onTestFinished(() => app.close());
  const ask = async (query = '', token = 'all') => {
    const answer = await app.inject({
      url: `/v1/tasks/a/record${query}`,
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  const give = (topic: string, id: string, value: string) =>
    producer.send([
      { topic, key: 'k', value: Buffer.from(value), headers: { penstock: writeEnvelope({ id }), x: 'y' } },
    ]);
  return { ask, give, scopes };
}

describe('the record of a task', () => {
  it('is the newest at the stage that is named: payload, key, headers and place', async () => {
    const { ask, give } = await open();
    await give('assets.download', 'a', '{"url":"first"}');
    await give('assets.download.retry.1m', 'a', '{"url":"again"}');
    const { status, body } = await ask('?stage=download');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ stage: 'download', topic: 'assets.download.retry.1m', partition: 0, offset: 0, key: 'k' },
      ...{ payload: { url: 'again' }, headers: { penstock: '{"id":"a"}', x: 'y' }, bytes: 15 },
    });
  });

  it('that Kafka no longer holds is gone, also where another took its place', async () => {
    const { ask, give } = await open();
    expect(await ask()).toMatchObject({ status: 410, body: { code: 'PIPE_TASK_RECORD_GONE' } });
    await give('assets.download.retry.1m', 'b', '{"url":"of another"}');
    expect((await ask('?stage=download')).body.code).toBe('PIPE_TASK_RECORD_GONE');
  });

  it('is read of no topic but those of its stages, whatever the history says', async () => {
    const { ask, give } = await open();
    await give('penstock.control', 'a', '{}');
    expect(await ask('?stage=sniff')).toMatchObject({ status: 404, body: { code: 'PIPE_STAGE_UNKNOWN' } });
  });

  it('of others is not there, and needs the role', async () => {
    const { ask, scopes } = await open();
    expect((await ask('', 'other')).body.code).toBe('PIPE_TASK_NOT_FOUND');
    expect(scopes).toEqual([{ tenant: 'other' }]);
    expect((await ask('', 's')).status).toBe(403);
  });
});
