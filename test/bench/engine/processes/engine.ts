import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openBlobStore } from '../../../../processors/blobs/open-blob-store.ts';
import { startWorker, type Worker } from '../../../../processors/worker.ts';
import { createCodec } from '../../../../schemas/codec.ts';
import { connectKafka } from '../../../../topics/client.ts';
import { serve } from '../../serve.ts';
import { countRebalances, dropAttempts, skipAttempts } from '../broker-wrappers.ts';
import { LatencyMarks, SpanMarks } from '../marks.ts';
import { type Marks, type Place, pipelineOf, type Workload } from '../workload.ts';

/** A worker of Penstock in a process of its own. */

interface Start {
  readonly place: Place;
  readonly workload: Workload;
  /** Default: all. */
  readonly stages?: readonly string[];
  /** Default true. */
  readonly recordAttempts?: boolean;
}

interface Run extends Start {
  readonly count: number;
}

/** A run from the first start of a handler. */
export interface RunResult {
  /** To the end of the last handler, where handlers take time. */
  readonly handlersMs: number;
  /** Until what the last task left behind was durable. */
  readonly durableMs: number;
  readonly cpuUs: number;
}

export interface EngineStats {
  readonly done: number;
  readonly rebalances: number;
}

const pollMs = 5;

interface Running {
  readonly worker: Worker;
  rebalances(): number;
}

async function start(options: Start, marks: Marks): Promise<Running> {
  const { place, workload, stages, recordAttempts = true } = options;
  const kafka = connectKafka({ brokers: place.brokers, clientId: 'bench-worker' });
  const codec = createCodec({ registryUrl: place.registryUrl });
  const { broker, rebalances } = countRebalances(recordAttempts ? kafka : dropAttempts(kafka));
  const worker = await startWorker({
    pipelines: [pipelineOf(workload, marks)],
    ...(stages === undefined ? {} : { stages }),
    broker,
    codec: recordAttempts ? codec : skipAttempts(codec),
    blobs: openBlobStore('file:///tmp', { region: 'none', forcePathStyle: false }),
    logger: pino({ level: 'warn' }, process.stderr),
    workerName: 'bench',
  });
  void worker.failed.then((error) => {
    throw error;
  });
  return { worker, rebalances };
}

async function run(options: Run): Promise<RunResult> {
  const marks = new SpanMarks();
  const { worker } = await start({ ...options, stages: ['first'] }, marks);
  const isDurable = (): boolean =>
    worker.stats().every(({ done, queued, inFlight }) => done >= options.count && queued + inFlight === 0);
  while (!isDurable()) await sleep(pollMs);
  const result = { handlersMs: marks.handlersMs, durableMs: marks.sinceFirstMs(), cpuUs: marks.cpuUs() };
  await worker.stop();
  return result;
}

let running: Running | undefined;
let latencies = new LatencyMarks();

serve({
  run,
  async start(options: Start) {
    latencies = new LatencyMarks();
    running = await start(options, latencies);
  },
  async stats(): Promise<EngineStats> {
    const done = running?.worker.stats().reduce((sum, stage) => sum + stage.done, 0) ?? 0;
    return { done, rebalances: running?.rebalances() ?? 0 };
  },
  latencies: async () => latencies.result(),
  async stop() {
    await running?.worker.stop();
    running = undefined;
  },
});
