import CircuitBreaker from 'opossum';
import { PenstockError } from '../../schemas/errors.ts';

export interface BreakerOptions {
  /** Share of failures among the calls of the last 10 s beyond which the host is left alone. Default 50. */
  readonly errorThresholdPercentage?: number;
  /** Calls within 10 s before the share counts at all. Default 10. */
  readonly volumeThreshold?: number;
  /** How long no call is let through before one is tried. Default 10 000. */
  readonly resetAfterMs?: number;
  /** Hosts remembered; the least recently used is forgotten first. Default 500. */
  readonly maxHosts?: number;
  readonly judge: (error: unknown) => HostVerdict;
}

/** What a failed call says of its host. unknown: nothing, as when the call was aborted. */
export type HostVerdict = 'healthy' | 'failed' | 'unknown';

export interface Breakers {
  /**
   * Runs the work unless its host is known to be down: then throws PIPE_BREAKER_OPEN, whose afterMs is the time until the
   * next trial. What the work throws is passed on as it is.
   */
  withBreaker<T>(host: string, work: () => Promise<T>): Promise<T>;
  /** Forgets all hosts and clears their timers. */
  close(): void;
}

type Work = () => Promise<unknown>;

interface HostBreaker {
  readonly circuit: CircuitBreaker<[Work], unknown>;
  openedAtMs: number;
}

/** While the one trial call runs, nobody knows its end: ask again soon. */
const trialPollMs = 1000;

function makeHostBreaker(options: BreakerOptions, resetAfterMs: number): HostBreaker {
  const circuit: CircuitBreaker<[Work], unknown> = new CircuitBreaker((work: Work) => work(), {
    timeout: false,
    resetTimeout: resetAfterMs,
    errorThresholdPercentage: options.errorThresholdPercentage ?? 50,
    volumeThreshold: options.volumeThreshold ?? 10,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // A trial that proves nothing must not close the breaker on a dead host.
    errorFilter: (error: unknown) => {
      const verdict = options.judge(error);
      return verdict === 'healthy' || (verdict === 'unknown' && !circuit.halfOpen);
    },
  });
  const breaker: HostBreaker = { circuit, openedAtMs: 0 };
  circuit.on('open', () => {
    breaker.openedAtMs = Date.now();
  });
  return breaker;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EOPENBREAKER' || error.code === 'ESHUTDOWN');

function openError(host: string, breaker: HostBreaker, resetAfterMs: number, cause: unknown): PenstockError {
  const leftMs = breaker.openedAtMs + resetAfterMs - Date.now();
  const afterMs = leftMs > 0 ? leftMs : trialPollMs;
  return new PenstockError('PIPE_BREAKER_OPEN', `${host} failed too often; next trial in ${afterMs} ms`, {
    cause,
    afterMs,
    context: { host },
  });
}

/** One circuit breaker for each host, as many as maxHosts. */
export function createBreakers(options: BreakerOptions): Breakers {
  const resetAfterMs = options.resetAfterMs ?? 10_000;
  const maxHosts = options.maxHosts ?? 500;
  const hosts = new Map<string, HostBreaker>();

  const take = (host: string): HostBreaker => {
    const breaker = hosts.get(host) ?? makeHostBreaker(options, resetAfterMs);
    // Re-inserting keeps the map in order of use.
    hosts.delete(host);
    hosts.set(host, breaker);
    for (const [oldest, idle] of hosts) {
      if (hosts.size <= maxHosts) break;
      hosts.delete(oldest);
      idle.circuit.shutdown();
    }
    return breaker;
  };

  return {
    async withBreaker<T>(host: string, work: () => Promise<T>): Promise<T> {
      const breaker = take(host);
      let result: { readonly value: T } | undefined;
      try {
        await breaker.circuit.fire(async () => {
          result = { value: await work() };
        });
      } catch (error) {
        throw isRefusal(error) ? openError(host, breaker, resetAfterMs, error) : error;
      }
      if (result === undefined) throw new PenstockError('PIPE_STAGE_THREW', 'the breaker ran nothing');
      return result.value;
    },
    close() {
      for (const { circuit } of hosts.values()) circuit.shutdown();
      hosts.clear();
    },
  };
}
