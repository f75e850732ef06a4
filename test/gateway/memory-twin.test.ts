import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import type { InboundRecord } from '../../topics/ports.ts';
import { provisionTopics } from '../../topics/provision.ts';
import { until } from '../helpers/until.ts';
import { startRegistryDouble } from '../schemas/registry-double.ts';
import { emptyHistory, post, task } from './open-gateway.ts';

it('a consumer of the stage’s topic reads what the gateway answered for', async () => {
  const registry = await startRegistryDouble();
  onTestFinished(() => registry.close());
  const broker = createMemoryBroker();
  const pipelines = [{ name: 'assets', stages: [{ name: 'download', input: downloadTaskSchema, partitions: 4 }] }];
  await provisionTopics(await broker.admin(), topicsOf(pipelines));
  const codec = createCodec({ registryUrl: registry.url });
  const logger = pino({ level: 'silent' });
  const app = buildGateway({ config: loadConfig({}), broker, codec, pipelines, logger, history: emptyHistory });
  onTestFinished(() => app.close());

  const { id, partition, offset } = (await post(app, task)).json();
  const found: (InboundRecord & { partition: number })[] = [];
  const consumer = broker.consumer({ groupId: 'reader', topics: ['assets.download'] });
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records: (batch) => found.push(...batch.records.map((record) => ({ ...record, partition: batch.partition }))),
    failed() {},
  });
  onTestFinished(() => consumer.stop());
  const record = await until('the record', () => found[0]);
  expect(record).toMatchObject({ partition, offset });
  expect(String(record.key)).toBe(id);
  expect(codec.decode(downloadTaskSchema, record.value)).toEqual(task);
});

it('a topic that was not provisioned is a 503', async () => {
  const registry = await startRegistryDouble();
  onTestFinished(() => registry.close());
  const pipelines = [{ name: 'assets', stages: [{ name: 'download', input: downloadTaskSchema }] }];
  const codec = createCodec({ registryUrl: registry.url });
  const logger = pino({ level: 'silent' });
  const broker = createMemoryBroker();
  const app = buildGateway({ config: loadConfig({}), broker, codec, pipelines, logger, history: emptyHistory });
  onTestFinished(() => app.close());
  const response = await post(app, task);
  expect(response.statusCode).toBe(503);
  expect(response.json().code).toBe('PIPE_TOPIC_UNKNOWN');
});
