import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayResume, mustPause, taskLimit } from '../../../processors/runtime/backpressure.ts';
import { blankMessage, errorFingerprint } from '../../../processors/runtime/error-fingerprint.ts';
import { classifyFailure, decideRetry } from '../../../processors/runtime/retry-decision.ts';
import { reject, retryable } from '../../../processors/stage.ts';

const policy = { attempts: 3, firstDelayMs: 200, maxDelayMs: 10_000, delayed: [] };

describe('retry decision', () => {
  it('retries a passing failure until the last attempt, wherever the count began', () => {
    const failure = classifyFailure(new Error('boom'));
    expect(failure.code).toBe('PIPE_STAGE_THREW');
    const kinds = [1, 2, 3, 7].map((attempt) => decideRetry(failure, attempt, policy, () => 0.5).kind);
    expect(kinds).toEqual(['retry', 'retry', 'dead', 'dead']);
  });

  it('gives up at once on a permanent code', () => {
    expect(decideRetry(classifyFailure(reject('no')), 1, policy, Math.random)).toEqual({ kind: 'dead' });
  });

  it('waits between nothing and the doubled delay, and never less than asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
        (attempt, draw) => {
          const verdict = decideRetry(classifyFailure('x'), attempt, { ...policy, attempts: 100 }, () => draw);
          const ceiling = Math.min(10_000, 200 * 2 ** (attempt - 1));
          if (verdict.kind !== 'retry') throw new Error('gave up');
          expect(verdict.delayMs).toBeGreaterThanOrEqual(0);
          expect(verdict.delayMs).toBeLessThan(ceiling);
        },
      ),
    );
    const asked = decideRetry(classifyFailure(retryable('later', { afterMs: 5_000 })), 1, policy, () => 0);
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
  });

  it('is equal for one kind and differs between kinds and codes', () => {
    expect(errorFingerprint('A', 'row 7')).toBe(errorFingerprint('A', 'row 99'));
    expect(errorFingerprint('A', 'row 7')).not.toBe(errorFingerprint('B', 'row 7'));
    expect(errorFingerprint('A', 'row 7')).not.toBe(errorFingerprint('A', 'column 7'));
    expect(errorFingerprint('A', '')).toMatch(/^[0-9a-f]{16}$/);
  });
});
