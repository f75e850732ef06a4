import { PenstockError } from '../../../schemas/errors.ts';
import { inChildProcess } from '../../child-process/in-child-process.ts';
import type { TableJob } from './tabulate.ts';
import type { TableResult } from './tabulate-worker.ts';

export interface TableWorkerOptions {
  /** Child processes at most; none is kept while idle. Default 2. */
  readonly maxProcesses?: number;
  /** Heap of one of them; an input that needs more is refused. Default 256. */
  readonly maxHeapMb?: number;
}

export interface TableWorkers {
  /** Aborting kills the process in the midst of its work. */
  run(job: TableJob, signal: AbortSignal): Promise<TableResult>;
}

/** What a process that was out of memory ends with. */
const outOfMemory = 'signal SIGABRT';

function workerFailure(error: unknown): unknown {
  const isTooLarge = error instanceof PenstockError && error.context.how === outOfMemory;
  if (!isTooLarge) return error;
  const message = 'the table needs more memory than a child process has';
  return new PenstockError('PIPE_TRANSFORM_LIMIT', message, { cause: error });
}

/** Processes for conversions; the first starts with the first job, and idle ones keep no process alive. */
export function createTableWorkers(options: TableWorkerOptions = {}): TableWorkers {
  const tabulate = inChildProcess<typeof import('./tabulate-worker.ts')>(
    new URL('./tabulate-worker.ts', import.meta.url),
    { processes: options.maxProcesses ?? 2, maxMemoryMb: options.maxHeapMb ?? 256 },
  );
  return {
    async run(job, signal) {
      try {
        return await tabulate(job, { signal });
      } catch (error) {
        throw workerFailure(error);
      }
    },
  };
}
