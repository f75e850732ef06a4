import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { errorCatalogue } from '../schemas/error-catalogue.ts';
import { ownThread } from './node-entry.ts';
import { createPulse } from './stall/pulse.ts';
import type { BlockedMessage, WatchdogData } from './stall/watchdog-thread.ts';

export interface StallWatchdogOptions {
  /** The process is killed when its event loop stood still for so long. Default 30 000: the session timeout of startWorker. */
  readonly limitMs?: number;
  readonly logger: Logger;
  /** What runs; asked twice a second, told in the last line. Default: nothing. */
  readonly running?: () => unknown;
}

export interface StallWatchdog {
  stop(): Promise<void>;
}

const tickMs = 500;
const reportMs = 1_000;

/**
 * Ends a process whose event loop stands still: after the session timeout its membership is gone and its tasks run
 * elsewhere, but nothing in it can notice. A thread of its own looks, writes one JSON line to stderr
 * (PIPE_WORKER_STALLED: how long, what ran, the stack where it stands) and sends SIGKILL; whoever supervises the process
 * starts it again. A stall of more than a second that ends is a warning of the logger, PIPE_WORKER_BLOCKED. Time during
 * which the whole process is stopped does not count. The thread keeps no process alive.
 */
export function startStallWatchdog(options: StallWatchdogOptions): StallWatchdog {
  const { limitMs = 30_000, logger, running = () => null } = options;
  const pulse = createPulse();
  const data: WatchdogData = {
    memory: pulse.memory,
    limits: { tickMs, reportMs, limitMs },
    line: { level: 60, name: 'worker', ...lineOf('PIPE_WORKER_STALLED') },
  };
  const script = ownThread(new URL('./stall/watchdog-thread', import.meta.url));
  const thread = new Worker(script, { eval: true, workerData: data, execArgv: [] });
  thread.on('message', ({ blockedMs }: BlockedMessage) => {
    const { code, msg } = lineOf('PIPE_WORKER_BLOCKED');
    logger.warn({ code, blockedMs }, msg);
  });
  thread.on('error', (error) => logger.error({ err: error }, 'the stall watchdog ended'));
  // After the listeners, with which Node 24 would keep the process alive again.
  thread.unref();
  const beat = (): void => {
    pulse.beat();
    pulse.say(JSON.stringify(running()) ?? '');
  };
  const timer = setInterval(beat, tickMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}

function lineOf(code: 'PIPE_WORKER_STALLED' | 'PIPE_WORKER_BLOCKED') {
  return { code, msg: errorCatalogue[code].cause };
}
