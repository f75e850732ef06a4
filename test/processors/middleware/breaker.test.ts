import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BreakerOptions, type Breakers, createBreakers } from '../../../processors/middleware/breaker.ts';
import { failureOf } from '../stages/helpers.ts';

class Fault extends Error {
  readonly verdict: 'healthy' | 'failed' | 'unknown';
  constructor(verdict: 'healthy' | 'failed' | 'unknown') {
    super(verdict);
    this.verdict = verdict;
  }
}

const judge: BreakerOptions['judge'] = (error) => (error instanceof Fault ? error.verdict : 'unknown');
const made: Breakers[] = [];

function make(options: Partial<BreakerOptions> = {}): Breakers {
  const breakers = createBreakers({ judge, volumeThreshold: 2, resetAfterMs: 5000, ...options });
  made.push(breakers);
  return breakers;
}

async function fail(breakers: Breakers, host: string, verdict: Fault['verdict'], times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await expect(breakers.withBreaker(host, () => Promise.reject(new Fault(verdict)))).rejects.toThrow(verdict);
  }
}

const succeed = (breakers: Breakers, host: string): Promise<string> => breakers.withBreaker(host, async () => 'done');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const breakers of made.splice(0)) breakers.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('withBreaker', () => {
  it('passes results and errors on', async () => {
    const breakers = make();
    expect(await succeed(breakers, 'a')).toBe('done');
    expect(await breakers.withBreaker('a', async () => undefined)).toBeUndefined();
    await fail(breakers, 'a', 'failed');
  });

  it('opens for the failing host alone, and says how long', async () => {
    const breakers = make();
    await fail(breakers, 'a', 'failed', 2);
    await vi.advanceTimersByTimeAsync(2000);
    const work = vi.fn(async () => 'done');
    const error = await failureOf(breakers.withBreaker('a', work));
    expect(error).toMatchObject({ code: 'PIPE_BREAKER_OPEN', afterMs: 3000, retryable: true });
    expect(work).not.toHaveBeenCalled();
    expect(await succeed(breakers, 'b')).toBe('done');
  });

  it('stays closed over answers that are no failure of the host, and over aborts', async () => {
    const breakers = make();
    await fail(breakers, 'a', 'healthy', 20);
    await fail(breakers, 'a', 'unknown', 20);
    expect(await succeed(breakers, 'a')).toBe('done');
  });

  it('tries one call after the wait, and closes when it succeeds', async () => {
    const breakers = make();
    await fail(breakers, 'a', 'failed', 2);
    await vi.advanceTimersByTimeAsync(5001);
    let finish: (value: string) => void = () => undefined;
    const trial = breakers.withBreaker('a', () => new Promise<string>((resolve) => (finish = resolve)));
    const second = await failureOf(succeed(breakers, 'a'));
    expect(second).toMatchObject({ code: 'PIPE_BREAKER_OPEN', afterMs: 1000 });
    finish('back');
    expect(await trial).toBe('back');
    expect(await succeed(breakers, 'a')).toBe('done');
  });

  it.each(['failed', 'unknown'] as const)('opens again when the trial ends %s', async (verdict) => {
    const breakers = make();
    await fail(breakers, 'a', 'failed', 2);
    await vi.advanceTimersByTimeAsync(5001);
    await fail(breakers, 'a', verdict);
    expect((await failureOf(succeed(breakers, 'a'))).afterMs).toBe(5000);
  });

  it('closes when the trial is answered with a 404', async () => {
    const breakers = make();
    await fail(breakers, 'a', 'failed', 2);
    await vi.advanceTimersByTimeAsync(5001);
    await fail(breakers, 'a', 'healthy');
    expect(await succeed(breakers, 'a')).toBe('done');
  });

  it('remembers only so many hosts, and clears the timers of those it forgets', async () => {
    const breakers = make({ maxHosts: 3 });
    await fail(breakers, 'first', 'failed', 2);
    await succeed(breakers, 'x1');
    const timersOfTwo = vi.getTimerCount();
    for (let index = 0; index < 50; index += 1) await succeed(breakers, `host-${index}`);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(timersOfTwo * 2);
    expect(await succeed(breakers, 'first')).toBe('done');
  });

  it('lets a call in flight end although its host is forgotten', async () => {
    const breakers = make({ maxHosts: 1 });
    let finish: (value: string) => void = () => undefined;
    const running = breakers.withBreaker('a', () => new Promise<string>((resolve) => (finish = resolve)));
    await succeed(breakers, 'b');
    finish('late');
    expect(await running).toBe('late');
  });
});
