import { pino } from 'pino';
import { openBlobStore } from '../../processors/blobs/open-blob-store.ts';
import { startWorker } from '../../processors/worker.ts';
import { createCodec } from '../../schemas/codec.ts';
import { connectKafka } from '../../topics/client.ts';
import { watchedPipeline } from './watching-pipeline.ts';

/** A worker of its own process: broker, registry, pipeline name, ledger, folder of the blobs. */
const [broker = '', registryUrl = '', name = '', ledger = '', blobUrl = ''] = process.argv.slice(2);

await startWorker({
  pipelines: [watchedPipeline(name, ledger)],
  broker: connectKafka({ brokers: [broker] }),
  codec: createCodec({ registryUrl }),
  blobs: openBlobStore(blobUrl, { region: 'none', forcePathStyle: false }),
  logger: pino({ level: 'silent' }),
  workerName: `watched ${process.pid}`,
});
process.send?.('ready');
