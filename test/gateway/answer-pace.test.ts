import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AnswerPace } from '../../gateway/routes/answer-pace.ts';

describe('the pace of answers', () => {
  it('lets sixteen out a turn, in their order', async () => {
    const pace = new AnswerPace();
    const out: number[] = [];
    const atOnce: number[] = [];
    const answers = Array.from({ length: 40 }, (_, index) => {
      const turn = pace.wait();
      if (!turn) atOnce.push(index);
      return turn?.then(() => out.push(index));
    });
    expect(atOnce).toEqual(Array.from({ length: 16 }, (_, index) => index));
    await nextTurn();
    expect(out.length).toBeLessThanOrEqual(16);
    await Promise.all(answers);
    expect(out).toEqual(Array.from({ length: 24 }, (_, index) => index + 16));
  });

  it('holds nobody up who comes alone', async () => {
    const pace = new AnswerPace();
    for (let each = 0; each < 100; each += 1) {
      expect(pace.wait()).toBeUndefined();
      await nextTurn();
    }
  });

  it('lets nobody pass who came later', async () => {
    const pace = new AnswerPace();
    const out: string[] = [];
    const early = Array.from({ length: 40 }, () => pace.wait()?.then(() => out.push('early')));
    await nextTurn();
    const late = pace.wait()?.then(() => out.push('late'));
    await Promise.all([...early, late]);
    expect(out.indexOf('late')).toBe(24);
  });
});
