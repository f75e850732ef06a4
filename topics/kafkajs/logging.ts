import { type LogEntry, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

/**
 * What kafkajs calls an error is mostly a step of its own recovery, and what cannot be recovered reaches the caller as
 * a PenstockError. So its errors are our warnings; a rebalance is daily life and stays at debug.
 */
const repeatAfterMs = 10_000;
const maxRemembered = 200;

const dailyLife =
  /rebalanc|re-joining|not aware of this member|Crash: KafkaJSNumberOfRetriesExceeded|Restarting the consumer|Response without match|not the leader for/i;
/** A broker that just started says so of every group; kafkajs calls it a crash of the consumer and starts that again. */
export const coordinatorStarts = /coordinator is (loading|not available)/i;

export function kafkaLogLevel(logger: Logger | undefined): logLevel {
  if (!logger) return logLevel.NOTHING;
  return logger.isLevelEnabled('debug') ? logLevel.INFO : logLevel.ERROR;
}

export function kafkaLogCreator(logger: Logger | undefined): () => (entry: LogEntry) => void {
  const repeats = new Repeats();
  return () => (entry) => {
    if (!logger) return;
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, error, ...facts } = entry.log;
    const fields = { kafka: entry.namespace, ...plain(facts), ...(typeof error === 'string' ? { error } : {}) };
    if (isWait(entry) && !repeats.isRepeat(waiting, performance.now())) logger.info(fields, waiting);
    else if (isNoise(entry, error) || repeats.isRepeat(message, performance.now())) logger.debug(fields, message);
    else logger.warn(fields, message);
  };
}

const waiting = 'the coordinator of the group is not ready yet: joining again';

function isWait({ level, log }: LogEntry): boolean {
  return level === logLevel.ERROR && coordinatorStarts.test(log.message);
}

/** While a broker is away the same line would come twice a second from every client. */
class Repeats {
  readonly #lastMs = new Map<string, number>();

  isRepeat(message: string, nowMs: number): boolean {
    const last = this.#lastMs.get(message);
    if (last !== undefined && nowMs - last < repeatAfterMs) return true;
    if (this.#lastMs.size >= maxRemembered) this.#lastMs.clear();
    this.#lastMs.set(message, nowMs);
    return false;
  }
}

function isNoise(entry: LogEntry, error: unknown): boolean {
  if (entry.level !== logLevel.ERROR) return true;
  const texts = typeof error === 'string' ? [entry.log.message, error] : [entry.log.message];
  return texts.some((text) => dailyLife.test(text) || coordinatorStarts.test(text));
}

/** Names and numbers only: nothing that could hold a payload or an object of any depth. */
function plain(facts: Readonly<Record<string, unknown>>): Record<string, string | number | boolean> {
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') kept[name] = value;
  }
  return kept;
}
