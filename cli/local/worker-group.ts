import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { printProgress } from '../output.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type RoleProcess, startRole } from './role-process.ts';

export interface WorkerGroupOptions {
  readonly count: number;
  /** Arguments of `penstock` for each process. */
  readonly args: readonly string[];
  readonly logger: Logger;
}

const firstPauseMs = 500;
const maxPauseMs = 30_000;
/** A process that lived that long did not die of its start. */
const soundMs = 60_000;

/** Keeps so many worker processes running until a signal; they end with this process, however it ends. */
export async function runWorkerGroup({ count, args, logger }: WorkerGroupOptions): Promise<void> {
  const interrupted = untilInterrupted();
  const ending = new AbortController();
  const members = Array.from({ length: count }, (_, index) => keepOne(index + 1, args, logger, ending.signal));
  logger.info({ processes: count }, 'worker processes run');
  logger.info({ signal: await interrupted }, 'worker processes drain');
  ending.abort();
  await Promise.all(members);
}

async function keepOne(number: number, args: readonly string[], logger: Logger, ending: AbortSignal): Promise<void> {
  let pauseMs = firstPauseMs;
  while (!ending.aborted) {
    const startedAt = performance.now();
    const role = startRole({ name: `worker ${number}`, args, env: {}, onLine: printProgress });
    const how = await endOf(role, ending);
    if (ending.aborted) return;
    if (performance.now() - startedAt > soundMs) pauseMs = firstPauseMs;
    logger.error({ process: number, how, againInMs: pauseMs }, 'a worker process ended');
    await sleep(pauseMs, undefined, { signal: ending }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, maxPauseMs);
  }
}

/** How it ended; when the group ends, after it was stopped. */
async function endOf(role: RoleProcess, ending: AbortSignal): Promise<string> {
  const stop = () => void role.stop();
  ending.addEventListener('abort', stop, { once: true });
  const how = await role.exited;
  ending.removeEventListener('abort', stop);
  return how;
}
