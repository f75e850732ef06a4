import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { pino } from 'pino';
import { openBlobStore } from '../../../processors/blobs/open-blob-store.ts';
import { startWorker } from '../../../processors/worker.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { connectKafka } from '../../../topics/client.ts';
import { chaosPipeline } from './chaos-pipeline.ts';
import { Ledger } from './ledger.ts';
import { mutantBroker } from './mutants.ts';
import { witnessedBroker } from './witnessed-broker.ts';
import type { WorkerMessage, WorkerSettings } from './worker-settings.ts';

/** A worker to be harmed. Drains on SIGTERM, tells of its memory on any message, ends when its parent does. */
async function run({ pipeline, brokers, registryUrl, mutant, ...settings }: WorkerSettings): Promise<void> {
  // Some of its stages may run while others still join: it drains then too, as the command does.
  const asked = once(process, 'SIGTERM');
  const logger = pino({ name: settings.workerName, level: 'warn' });
  const ledger = new Ledger(settings.ledger);
  const kafka = connectKafka({ brokers, clientId: settings.workerName, logger });
  const witnessed = witnessedBroker(kafka, ledger);
  const worker = await startWorker({
    pipelines: [chaosPipeline(pipeline, ledger)],
    broker: mutant === null ? witnessed : mutantBroker(witnessed, mutant),
    codec: createCodec({ registryUrl }),
    blobs: openBlobStore('file:///nowhere', { region: 'none', forcePathStyle: false }),
    logger,
    workerName: settings.workerName,
    sessionTimeoutMs: settings.sessionTimeoutMs,
  });
  const end = (code: number) => void worker.stop().finally(() => process.exit(code));
  void asked.then(() => end(0));
  process.on('message', () => say(usage()));
  void worker.failed.then(() => end(1));
  say({ kind: 'ready' });
}

function usage(): WorkerMessage {
  globalThis.gc?.();
  const descriptors = readdirSync('/proc/self/fd').length;
  return { kind: 'use', heapBytes: process.memoryUsage().heapUsed, descriptors };
}

function say(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

process.once('disconnect', () => process.exit(9));
const settings: WorkerSettings = JSON.parse(process.argv[2] ?? '');
await run(settings);
