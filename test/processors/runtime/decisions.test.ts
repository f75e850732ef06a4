import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDelay } from '../../../processors/retry-delay.ts';
import { mayResume, mustPause, taskLimit } from '../../../processors/runtime/backpressure.ts';
import { blankMessage, errorFingerprint } from '../../../processors/runtime/error-fingerprint.ts';
import {
  classifyFailure,
  decideRetry,
  maxHoldMs,
  type TaskHistory,
} from '../../../processors/runtime/retry-decision.ts';
import { waitingTopic } from '../../../processors/runtime/waiting-topic.ts';
import { defineStage, reject, requeue, retryable } from '../../../processors/stage.ts';

const policy = { attempts: 3, firstDelayMs: 200, maxDelayMs: 10_000, delayed: [] };

const at = (attempt: number, more: Partial<TaskHistory> = {}): TaskHistory => ({
  attempt,
  requeued: 0,
  heldMs: 0,
  ...more,
});

describe('retry decision', () => {
  it('retries a passing failure until the last attempt, wherever the count began', () => {
    const failure = classifyFailure(new Error('boom'));
    expect(failure.code).toBe('PIPE_STAGE_THREW');
    const kinds = [1, 2, 3, 7].map((attempt) => decideRetry(failure, at(attempt), policy, () => 0.5).kind);
    expect(kinds).toEqual(['retry', 'retry', 'dead', 'dead']);
  });

  it('gives up at once on a permanent code', () => {
    expect(decideRetry(classifyFailure(reject('no')), at(1), policy, Math.random).kind).toBe('dead');
  });

  it('waits between nothing and the doubled delay, and never less than asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
        (attempt, draw) => {
          const verdict = decideRetry(classifyFailure('x'), at(attempt), { ...policy, attempts: 100 }, () => draw);
          const ceiling = Math.min(10_000, 200 * 2 ** (attempt - 1));
          if (verdict.kind !== 'retry') throw new Error('gave up');
          expect(verdict.delayMs).toBeGreaterThanOrEqual(0);
          expect(verdict.delayMs).toBeLessThan(ceiling);
        },
      ),
    );
    const asked = decideRetry(classifyFailure(retryable('later', { afterMs: 5_000 })), at(1), policy, () => 0);
    expect(asked).toEqual({ kind: 'retry', delayMs: 5_000 });
  });

  it('has a message for anything that can be thrown', () => {
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get() {
        throw new Error('no');
      },
    });
    for (const thrown of [undefined, null, 0, 'text', {}, Symbol('s'), hostile, Object.create(null)]) {
      const failure = classifyFailure(thrown);
      expect(failure.code).toBe('PIPE_STAGE_THREW');
      expect(failure.message.length).toBeGreaterThan(0);
    }
    expect(classifyFailure(new Error('y'.repeat(5_000))).message.length).toBe(1_000);
  });
});

describe('delayed retry decision', () => {
  const plans = fc.record({
    attempts: fc.integer({ min: 1, max: 6 }),
    delays: fc.uniqueArray(fc.integer({ min: 1, max: 86_400 }), { maxLength: 5 }),
  });
  const planOf = (attempts: number, delays: readonly number[]) => {
    const delayed = delays.toSorted((a, b) => a - b).map((seconds) => `${seconds}s`);
    return { ...policy, attempts, delayed };
  };
  const boom = classifyFailure(new Error('boom'));

  it('goes through every delay once, in order, each after as many attempts as there are in place', () => {
    fc.assert(
      fc.property(plans, ({ attempts, delays }) => {
        const plan = planOf(attempts, delays);
        const path: (string | number)[] = [];
        for (let attempt = 1; ; attempt++) {
          const verdict = decideRetry(boom, at(attempt), plan, () => 0.5);
          path.push(verdict.kind === 'delay' ? verdict.index : verdict.kind);
          if (verdict.kind === 'delay') expect(verdict.delayMs).toBe(parseDelay(plan.delayed[verdict.index] ?? ''));
          if (verdict.kind === 'dead') break;
        }
        const inPlace = Array.from({ length: attempts - 1 }, () => 'retry');
        expect(path).toEqual([...delays.flatMap((_, index) => [...inPlace, index]), ...inPlace, 'dead']);
      }),
    );
  });

  it('never waits less than asked, long waits in the shortest delay that is enough, and ends all the same', () => {
    fc.assert(
      fc.property(plans, fc.integer({ min: 1, max: 86_400_000 }), ({ attempts, delays }, afterMs) => {
        const plan = planOf(attempts, delays);
        const failure = classifyFailure(retryable('later', { afterMs }));
        const enough = plan.delayed.findIndex((delay) => parseDelay(delay) >= afterMs);
        for (let attempt = 1; attempt < attempts * (delays.length + 1); attempt++) {
          const verdict = decideRetry(failure, at(attempt), plan, () => 0);
          if (verdict.kind === 'dead' || verdict.kind === 'requeue') throw new Error(`gave it up as ${verdict.kind}`);
          expect(verdict.delayMs).toBeGreaterThanOrEqual(afterMs);
          if (afterMs > policy.maxDelayMs && enough >= 0)
            expect(verdict).toMatchObject({ kind: 'delay', index: enough });
          if (verdict.kind === 'delay' && enough >= 0) expect(verdict.index).toBeGreaterThanOrEqual(enough);
        }
        expect(decideRetry(failure, at(attempts * (delays.length + 1)), plan, () => 0).kind).toBe('dead');
      }),
    );
  });

  it('sends nothing that cannot succeed to a delay', () => {
    expect(decideRetry(classifyFailure(reject('no')), at(3), planOf(3, [10]), Math.random).kind).toBe('dead');
  });
});

describe('a task that would hold its commit back for too long', () => {
  it('leaves the process once what it has held and what it would wait are more than a minute', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(9_999), (heldMs, afterMs) => {
        const verdict = decideRetry(
          classifyFailure(retryable('later', { afterMs })),
          at(1, { heldMs }),
          policy,
          () => 0,
        );
        expect(verdict).toEqual({ kind: heldMs + afterMs > maxHoldMs ? 'move' : 'retry', delayMs: afterMs });
      }),
    );
  });

  it('is still given up when its attempts are over', () => {
    expect(decideRetry(classifyFailure('x'), at(3, { heldMs: 1e9 }), policy, () => 0).kind).toBe('dead');
  });
});

describe('requeue decision', () => {
  it('counts no attempt, waits as asked, and ends after ten thousand times', () => {
    const put = classifyFailure(requeue());
    expect(decideRetry(put, at(99), policy, () => 0)).toEqual({ kind: 'requeue', delayMs: 1_000 });
    const later = classifyFailure(requeue('no licence is free', { afterMs: 90_000 }));
    expect(decideRetry(later, at(1), policy, () => 0)).toEqual({ kind: 'requeue', delayMs: 90_000 });
    const last = decideRetry(later, at(1, { requeued: 10_000 }), policy, () => 0);
    expect(last).toMatchObject({ kind: 'dead', failure: { code: 'PIPE_STAGE_REQUEUE_LIMIT' } });
  });
});

describe('where a task waits', () => {
  const roomOf = (delayMs: number) => ({ topic: `retry.${delayMs}`, delayMs });
  const delays = fc.uniqueArray(fc.integer({ min: 1, max: 86_400_000 }), { minLength: 1, maxLength: 5 });

  it('is the longest delay that its wait outlasts, so that no topic keeps it past its time', () => {
    fc.assert(
      fc.property(delays, fc.nat(200_000_000), (each, delayMs) => {
        const plan = { topic: 'stage', retryTopics: each.map(roomOf) };
        const within = each.filter((delay) => delay <= delayMs);
        const longest = roomOf(Math.max(...within)).topic;
        const least = roomOf(Math.min(...each)).topic;
        expect(waitingTopic(plan, { kind: 'move', delayMs })).toBe(within.length > 0 ? longest : least);
        expect(waitingTopic(plan, { kind: 'requeue', delayMs })).toBe(within.length > 0 ? longest : 'stage');
      }),
    );
  });
});

describe('the delays of a stage', () => {
  const stage = (...delayed: string[]) =>
    defineStage({ name: 's', input: { name: 't', avro: 'string' }, retry: { delayed }, process: () => undefined });

  it('are read in four units', () => {
    expect(['250ms', '10s', '1m', '24h'].map(parseDelay)).toEqual([250, 10_000, 60_000, 86_400_000]);
    expect(stage('250ms', '10s', '1m', '24h').retry.delayed).toEqual(['250ms', '10s', '1m', '24h']);
    expect(stage().retry).toEqual({ attempts: 3, firstDelayMs: 200, maxDelayMs: 10_000, delayed: [] });
  });

  it.each([['10'], ['0s'], ['-1s'], ['1.5s'], ['1d'], ['01s'], [' 1s'], ['1S'], ['25h'], ['1m', '60s'], ['1m', '10s']])(
    'are refused where they cannot be read, or do not grow: %s %s',
    (...delayed) => {
      expect(() => stage(...delayed)).toThrow(expect.objectContaining({ code: 'PIPE_CONFIG_INVALID' }));
    },
  );
});

describe('backpressure', () => {
  const limits = { maxTasks: 1_000, maxBytes: 10_000 };

  it('pauses the partition that fills the stage, and none that has less than its share', () => {
    const full = { tasks: 1_000, bytes: 0 };
    expect(mustPause(full, { tasks: 990, bytes: 0 }, 4, limits)).toBe(true);
    expect(mustPause(full, { tasks: 249, bytes: 0 }, 4, limits)).toBe(false);
    expect(mustPause({ tasks: 3, bytes: 10_000 }, { tasks: 3, bytes: 9_000 }, 4, limits)).toBe(true);
  });

  it('always pauses one at least when full, and resumes all once empty', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { minLength: 1, maxLength: 20 }), (tasks) => {
        const all = { tasks: tasks.reduce((sum, each) => sum + each, 0), bytes: 0 };
        const paused = tasks.some((own) => mustPause(all, { tasks: own, bytes: 0 }, tasks.length, limits));
        expect(paused).toBe(all.tasks >= limits.maxTasks);
        expect(mayResume({ tasks: 0, bytes: 0 }, { tasks: 0, bytes: 0 }, tasks.length, limits)).toBe(true);
      }),
    );
  });

  it('does not resume what it would pause', () => {
    const load = fc.record({ tasks: fc.nat(3_000), bytes: fc.nat(30_000) });
    fc.assert(
      fc.property(load, load, fc.integer({ min: 1, max: 12 }), (all, own, partitions) => {
        fc.pre(mustPause(all, own, partitions, limits));
        expect(mayResume(all, own, partitions, limits)).toBe(false);
      }),
    );
  });

  it('holds a second of work within its bounds', () => {
    expect([taskLimit(16, 0), taskLimit(16, 5_000), taskLimit(1_000, 0), taskLimit(16, 1e9)]).toEqual([
      2_000, 5_000, 4_000, 60_000,
    ]);
  });
});

describe('error fingerprint', () => {
  it('blanks what varies', () => {
    expect(blankMessage('GET "http://a/1" gave 503 after 12.5 s')).toBe('GET ? gave # after # s');
    expect(blankMessage('task 018f4e7a-1c2b-7abc-9def-0123456789ab, blob deadbeef12')).toBe('task #, blob #');
    expect(blankMessage('http://a.example/x/barley.json?v=2: 7 of 9 bytes')).toBe('http://a.example/?: # of # bytes');
    expect(blankMessage('see https://b.example.')).toBe('see https://b.example.');
  });

  it('is equal for one kind and differs between kinds and codes', () => {
    expect(errorFingerprint('A', 'row 7')).toBe(errorFingerprint('A', 'row 99'));
    expect(errorFingerprint('A', 's3://b/one: gone')).toBe(errorFingerprint('A', 's3://b/other/two: gone'));
    expect(errorFingerprint('A', 'row 7')).not.toBe(errorFingerprint('B', 'row 7'));
    expect(errorFingerprint('A', 'row 7')).not.toBe(errorFingerprint('A', 'column 7'));
    expect(errorFingerprint('A', '')).toMatch(/^[0-9a-f]{16}$/);
  });
});
