import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { backoffMs, pause } from './backoff.ts';

export interface InsistOptions {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Fields of its log lines: the step and its place. */
  readonly about: Readonly<Record<string, string | number>>;
  /** true: trying again cannot help, the error is thrown on. Default: nothing is hopeless. */
  readonly isHopeless?: (error: unknown) => boolean;
  readonly onFailure: () => void;
}

/** Tries for ever, with ever longer pauses. Resolves with true when it worked, with false when the signal ended it. */
export async function insist(work: () => Promise<void>, options: InsistOptions): Promise<boolean> {
  const { signal, logger, about, isHopeless, onFailure } = options;
  for (let failures = 0; !signal.aborted; ) {
    try {
      await work();
      if (failures > 0) logger.info({ ...about, failures }, 'the sink goes on');
      return true;
    } catch (error) {
      if (isHopeless?.(error)) throw error;
      failures += 1;
      onFailure();
      const line = { ...about, ...describeError(error), failures };
      if (isWorthALine(failures)) logger.warn(line, 'the sink cannot go on and tries again');
      await pause(backoffMs(failures), signal);
    }
  }
  return false;
}

/** The first, then ever more rarely: an outage of an hour makes about a dozen lines. */
export const isWorthALine = (count: number): boolean => (count & (count - 1)) === 0;

export const describeError = (error: unknown) => ({
  ...(error instanceof PenstockError ? { code: error.code } : {}),
  error: messageOf(error),
});
