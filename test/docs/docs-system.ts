import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadDemoFiles } from '../../cli/demo/demo-files.ts';
import { type FileServer, startFileServer } from '../../cli/demo/file-server.ts';
import { loadPipelines } from '../../cli/load-pipelines.ts';
import { type RunningGateway, startGateway } from '../../gateway/server.ts';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { startConfiguredWorker } from '../../processors/main.ts';
import { type AttemptSink, startAttemptSink } from '../../processors/sinks/attempt-sink.ts';
import { type ClickHouse, connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { startSampleSink } from '../../processors/sinks/sample-sink.ts';
import { createCodec } from '../../schemas/codec.ts';
import { type Config, loadConfig } from '../../schemas/config.ts';
import { connectKafka } from '../../topics/client.ts';
import type { Broker } from '../../topics/ports.ts';
import type { TestStack } from '../helpers/stack-setup.ts';
import { builtCommand, root } from './built-package.ts';

/** What `npm start` gives to a reader, on the stack of the tests, and a folder for the reader to work in. */
export interface DocsSystem {
  readonly folder: string;
  readonly config: Config;
  readonly broker: Broker;
  readonly clickhouse: ClickHouse;
  readonly files: FileServer;
  /** The addresses that the pages name → those of this system. */
  readonly replace: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  /** A worker runs from the start. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

const logger = pino({ level: 'silent' });

export async function startDocsSystem(stack: TestStack): Promise<DocsSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-docs-'));
  linkPackages(folder);
  const files = await startFileServer(await loadDemoFiles());
  const settings = {
    PENSTOCK_BROKERS: stack.brokers,
    PENSTOCK_REGISTRY_URL: stack.registryUrl,
    PENSTOCK_CLICKHOUSE_URL: stack.clickhouseUrl,
    PENSTOCK_DATA_DIR: join(folder, 'data'),
    PENSTOCK_DOWNLOAD_ALLOW: files.address,
  };
  const config = loadConfig(settings);
  const { brokers, registryUrl } = config;
  const broker = connectKafka({ brokers, clientId: 'docs', logger });
  const codec = createCodec({ registryUrl });
  const clickhouse = connectClickHouse(config.clickhouse);
  await migrate(clickhouse);
  const pipelines = await loadPipelines(config);
  const startWorker = () => startConfiguredWorker({ config, pipelines, logger });
  let worker = await startWorker();
  const sink: AttemptSink = await startAttemptSink({ broker, clickhouse, codec, logger, limits: { maxWaitMs: 100 } });
  const samples = await startSampleSink({ broker, clickhouse, codec, logger });
  const blobs = openBlobStore(config.blobUrl, config.s3);
  const listen = { host: '127.0.0.1', port: 0 };
  const gateway: RunningGateway = await startGateway({ config, broker, codec, pipelines, logger, blobs }, listen);
  return {
    ...{ folder, config, broker, clickhouse, files },
    replace: {
      'npx penstock': './node_modules/.bin/penstock',
      'npx tsx': `"${process.execPath}" --import "${import.meta.resolve('tsx')}"`,
      'https://cdn.jsdelivr.net/npm/vega-datasets@3.2.1/data': `${files.url}/files`,
      '127.0.0.1:9092': stack.brokers,
      'http://127.0.0.1:8081': stack.registryUrl,
      'http://127.0.0.1:8123': stack.clickhouseUrl,
      'http://127.0.0.1:8080': gateway.url,
    },
    env: { ...process.env, ...settings },
    stopWorker: () => worker.stop(),
    async startWorker() {
      worker = await startWorker();
    },
    async stop() {
      await gateway.stop();
      await worker.stop();
      await Promise.all([sink.stop(), samples.stop()]);
      await clickhouse.close();
      await files.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The reader's packages: those of this repository, and `penstock` as it is built. */
function linkPackages(folder: string): void {
  writeFileSync(join(folder, 'package.json'), '{ "name": "reader", "private": true, "type": "module" }\n');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of ['kafkajs', '@kafkajs', '@clickhouse']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  symlinkSync(root, join(modules, 'penstock'));
  const bin = join(modules, '.bin', 'penstock');
  writeFileSync(bin, `#!/bin/sh\nexec "${process.execPath}" "${builtCommand()}" "$@"\n`);
  chmodSync(bin, 0o755);
}
