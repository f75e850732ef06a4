import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';
import { PenstockError } from '../../../schemas/errors.ts';
import { systemCode } from '../../blobs/store-failure.ts';
import type { TableJob } from './tabulate.ts';
import type { TableResult } from './tabulate-worker.ts';

export interface TableWorkerOptions {
  /** Worker threads at most; none is kept while idle. Default 2. */
  readonly maxThreads?: number;
  /** Heap of one thread; an input that needs more is refused. Default 256. */
  readonly maxHeapMb?: number;
}

export interface TableWorkers {
  /** Aborting kills the thread in the midst of its work. */
  run(job: TableJob, signal: AbortSignal): Promise<TableResult>;
}

/** From source the thread needs tsx to read TypeScript; from dist nothing. */
function workerEntry(): { filename: string; execArgv: string[] } {
  const isSource = import.meta.url.endsWith('.ts');
  const filename = new URL(isSource ? './tabulate-worker.ts' : './tabulate-worker.js', import.meta.url).href;
  if (!isSource) return { filename, execArgv: [] };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { filename, execArgv: ['--import', loader] };
}

function workerFailure(error: unknown): unknown {
  const code = systemCode(error);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new PenstockError('PIPE_TRANSFORM_LIMIT', 'the table needs more memory than a worker thread has', {
      cause: error,
    });
  }
  const isLost = error instanceof Error && /^worker exited/i.test(error.message);
  return isLost ? new PenstockError('PIPE_TRANSFORM_WORKER_LOST', error.message, { cause: error }) : error;
}

/** Threads for conversions; the first starts with the first job, and idle ones keep no process alive. */
export function createTableWorkers(options: TableWorkerOptions = {}): TableWorkers {
  let pool: Piscina<TableJob, TableResult> | undefined;
  const open = (): Piscina<TableJob, TableResult> => {
    pool ??= new Piscina<TableJob, TableResult>({
      ...workerEntry(),
      minThreads: 0,
      maxThreads: options.maxThreads ?? 2,
      idleTimeout: 10_000,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 256, maxYoungGenerationSizeMb: 16 },
    });
    return pool;
  };
  return {
    async run(job, signal) {
      try {
        return await open().run(job, { signal });
      } catch (error) {
        throw signal.aborted ? signal.reason : workerFailure(error);
      }
    },
  };
}
