import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { inject } from 'vitest';
import { type RunningGateway, startGateway } from '../../../gateway/server.ts';
import { attemptColumns, attemptRows } from '../../../processors/sinks/attempt-row.ts';
import { type ClickHouse, connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { migrate } from '../../../processors/sinks/migrate.ts';
import { lagColumns, sampleRows, workerColumns } from '../../../processors/sinks/sample-rows.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { type Config, loadConfig } from '../../../schemas/config.ts';
import type { Attempt } from '../../../schemas/generated/attempt-batch.ts';
import { downloadTaskSchema } from '../../../schemas/generated/download-task.ts';
import { connectKafka } from '../../../topics/client.ts';
import type { Broker } from '../../../topics/ports.ts';
import { aBatch, anAttempt } from '../../processors/sinks/attempts.ts';

/** Texts that do harm where they are taken for anything but text. */
export const hostileTexts = [
  '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>',
  '\u202Egnp.exe\u0007\u001b[31m\u0000 {{constructor.constructor("window.harmed=1")()}}',
  `${'long '.repeat(50_000)}"><svg onload=window.harmed=1>`,
] as const;

export const stages = ['download', 'transform', 'upload'] as const;

export interface DashboardSystem {
  readonly name: string;
  readonly url: string;
  readonly clickhouse: ClickHouse;
  readonly broker: Broker;
  /** The gateway away and back, on the same port. */
  stopGateway(): Promise<void>;
  startGateway(): Promise<void>;
  close(): Promise<void>;
}

const logger = pino({ level: 'silent' });

/** A gateway over a database of its own; `token` has all roles, `reader` and `sender` one each, `tenant` is bound. */
export async function startDashboardSystem(seed: 'work' | 'nothing'): Promise<DashboardSystem> {
  const name = `d${randomUUID().slice(0, 8)}`;
  const { clickhouseUrl, brokers, registryUrl } = inject('stack');
  const config = loadConfig({
    PENSTOCK_CLICKHOUSE_URL: clickhouseUrl,
    PENSTOCK_CLICKHOUSE_DATABASE: name,
    PENSTOCK_BROKERS: brokers,
    PENSTOCK_REGISTRY_URL: registryUrl,
    PENSTOCK_TOKENS: 'token, reader roles=read, sender roles=submit, tenant roles=read tenant=acme',
  });
  const clickhouse = connectClickHouse(config.clickhouse);
  await migrate(clickhouse);
  const broker = connectKafka({ brokers: brokers.split(','), ssl: false, clientId: name, logger });
  const admin = await broker.admin();
  await admin.createTopics(stages.map((stage) => ({ name: `${name}.${stage}`, partitions: 2, config: {} })));
  await admin.close();
  if (seed === 'work') await storeWork(clickhouse, name);
  const start = (port: number) => openGateway(config, broker, name, port);
  let gateway = await start(0);
  const { url } = gateway;
  return {
    ...{ name, url, clickhouse, broker },
    stopGateway: () => gateway.stop(),
    async startGateway() {
      gateway = await start(Number(new URL(url).port));
    },
    async close() {
      await gateway.stop();
      await clickhouse.close();
    },
  };
}

function openGateway(config: Config, broker: Broker, name: string, port: number): Promise<RunningGateway> {
  const pipelines = [{ name, stages: stages.map((stage) => ({ name: stage, input: downloadTaskSchema })) }];
  const codec = createCodec({ registryUrl: config.registryUrl });
  return startGateway({ config, broker, codec, pipelines, logger, version: '1.2.3' }, { host: '127.0.0.1', port });
}

/** Ten minutes of work through three stages: 600 tasks, every tenth fails with one of the hostile texts. */
async function storeWork(clickhouse: ClickHouse, name: string): Promise<void> {
  const now = Date.now();
  for (const [place, stage] of stages.entries()) {
    const attempts = Array.from({ length: 600 }, (_, index) => {
      const eventTime = now - 3_000 - index * 1_000;
      const isBad = place === 0 && index % 10 === 0;
      return anAttempt({
        ...{ taskId: `t${index}`, eventTime, startedAt: eventTime - (index % 100), submittedAt: eventTime - 5_000 },
        ...{ queueMs: 20 + (index % 7) * 30, runMs: (index % 100) * (place + 1), bytesIn: 2_000, offset: index },
        nextStage: isBad ? '' : (stages[place + 1] ?? ''),
        ...(isBad && {
          outcome: 'dead' as const,
          ...{ errorCode: 'PIPE_X_BAD', errorFingerprint: `f${(index / 10) % 3}` },
          ...{ errorMessage: hostileTexts[(index / 10) % 3] ?? '', taskId: `${index} ${hostileTexts[0]}` },
        }),
      });
    });
    await storeAttempts(clickhouse, name, stage, attempts, place);
  }
  for (let ago = 60_000; ago >= 0; ago -= 5_000) await storeSample(clickhouse, name, now - ago, ago / 5_000);
}

/** `offset`: of their record, one of its own for each call. */
export async function storeAttempts(
  clickhouse: ClickHouse,
  name: string,
  stage: string,
  attempts: readonly Attempt[],
  offset: number,
): Promise<void> {
  const batch = aBatch(attempts, { pipeline: name, stage, topic: `${name}.${stage}` });
  const rows = attemptRows(batch, { partition: 0, offset, timestampMs: Date.now() }).join('\n');
  const token = `${stage} ${offset}`;
  await clickhouse.insert({ table: 'attempts', columns: attemptColumns, rows: Buffer.from(rows), token });
}

async function storeSample(clickhouse: ClickHouse, name: string, at: number, ago: number): Promise<void> {
  const stagesOf = stages.map((stage) => ({
    ...{ pipeline: name, stage, partitions: 2, inFlight: 3, queued: 4, done: 1_000 - ago * 10 },
    ...{ failed: 2, retried: 0, expired: 0 },
  }));
  const lags = stages.map((stage, place) => ({
    ...{ group: `${name}.${stage}`, topic: `${name}.${stage}`, partition: 0 },
    ...{ committed: 1_000 - ago * 10, endOffset: 1_000 + place * 50 },
  }));
  const sample = {
    ...{ worker: `w <b>1</b>`, at, startedAt: at - 90_000, codeVersion: 'v1', memoryBytes: 2 ** 27, isLeaving: false },
    ...{ stages: stagesOf, lags },
  };
  for (const line of sampleRows(sample, at)) {
    const [table = '', row = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    const columns = table === 'workers' ? workerColumns : lagColumns;
    await clickhouse.insert({ table, columns, rows: Buffer.from(row), token: `${table}${at}` });
  }
}
