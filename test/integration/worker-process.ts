import { pino } from 'pino';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { startWorker } from '../../processors/worker.ts';
import { createCodec } from '../../schemas/codec.ts';
import { connectKafka } from '../../topics/client.ts';
import { numberPipeline } from './worker-pipeline.ts';

/** A worker to be killed: broker, registry, pipeline name, ledger. */
const [broker = '', registryUrl = '', name = '', ledger = ''] = process.argv.slice(2);

await startWorker({
  pipelines: [numberPipeline(name, ledger)],
  broker: connectKafka({ brokers: [broker] }),
  codec: createCodec({ registryUrl }),
  blobs: openBlobStore('file:///nowhere', { region: 'none', forcePathStyle: false }),
  logger: pino({ level: 'silent' }),
  workerName: `killed ${process.pid}`,
  sessionTimeoutMs: 6_000,
});
