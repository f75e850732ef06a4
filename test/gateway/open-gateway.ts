import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { onTestFinished } from 'vitest';
import { buildGateway } from '../../gateway/app.ts';
import type { CataloguePipeline } from '../../gateway/catalogue.ts';
import type { History } from '../../gateway/history/history.ts';
import type { HistoryStore } from '../../gateway/plugins/clickhouse.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { uploadTaskSchema } from '../../schemas/generated/upload-task.ts';
import { type RegistryDouble, startRegistryDouble } from '../schemas/registry-double.ts';
import { createRecordingBroker, type RecordingBroker } from './recording-broker.ts';

export const pipelines: readonly CataloguePipeline[] = [
  {
    name: 'assets',
    stages: [
      { name: 'download', input: downloadTaskSchema },
      { name: 'upload', input: uploadTaskSchema },
    ],
  },
];

export const emptyHistory: History = { task: async () => undefined, tasks: async () => [], close: async () => {} };

export const emptyStore: HistoryStore = {
  database: 'penstock',
  read: async () => [],
  runSql: async () => ({ columns: [], rows: [], elapsedMs: 0, rowsRead: 0 }),
  explainTree: async () => ['QUERY id: 0'],
  close: async () => {},
};

export interface TestGateway {
  readonly app: FastifyInstance;
  readonly broker: RecordingBroker;
  readonly registry: RegistryDouble;
}

export interface TestGatewayOptions {
  readonly tokens?: string;
  readonly tokensFile?: string;
  readonly logger?: Logger;
  readonly history?: History;
  readonly store?: HistoryStore;
  readonly sendDeadlineMs?: number;
}

/** A gateway on a registry double and a recording broker; closed when the test ends. */
export async function openGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const registry = await startRegistryDouble();
  const broker = createRecordingBroker();
  const app = buildGateway({
    config: loadConfig({ PENSTOCK_TOKENS: options.tokens, PENSTOCK_TOKENS_FILE: options.tokensFile }),
    broker,
    codec: createCodec({ registryUrl: registry.url }),
    pipelines,
    logger: options.logger ?? pino({ level: 'silent' }),
    history: options.history ?? emptyHistory,
    store: options.store ?? emptyStore,
    ...(options.sendDeadlineMs !== undefined && { sendDeadlineMs: options.sendDeadlineMs }),
  });
  onTestFinished(async () => {
    broker.release();
    await app.close();
    await registry.close();
  });
  return { app, broker, registry };
}

export const tasksUrl = '/v1/pipelines/assets/tasks';

export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly audit?: unknown;
  readonly reqId?: string;
}

/** A logger whose lines can be looked at. */
export function collectLog(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { lines, logger: pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) }) };
}

/** POST of a JSON value, or of text as it is. */
export function post(
  app: FastifyInstance,
  body: unknown,
  options: { url?: string; headers?: Record<string, string> } = {},
) {
  return app.inject({
    method: 'POST',
    url: options.url ?? tasksUrl,
    headers: { 'content-type': 'application/json', ...options.headers },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
}

export const task = { url: 'https://files.example/a.csv', sha256: null, name: null };
