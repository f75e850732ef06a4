import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turn } from '../../gateway/intake/turn.ts';

describe('the work of a turn', () => {
  it('is done together at its end, in the order it came, and answered one by one', async () => {
    const done: number[] = [];
    const turn = new Turn<number, number>(async (item) => {
      done.push(item);
      return item * 10;
    });
    const answers = [1, 2, 3].map((item) => turn.add(item));
    expect(done).toEqual([]);
    await nextTurn();
    expect(done).toEqual([1, 2, 3]);
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
    expect(await turn.add(4)).toBe(40);
  });

  it('is each piece’s own: one that throws and one that rejects spoil nothing', async () => {
    const turn = new Turn<string, string>((item) => {
      if (item === 'throws') throw new Error('thrown');
      return item === 'rejects' ? Promise.reject(new Error('rejected')) : Promise.resolve(item);
    });
    const answers = await Promise.allSettled(['throws', 'good', 'rejects'].map((item) => turn.add(item)));
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message))).toEqual([
      'thrown',
      'good',
      'rejected',
    ]);
  });
});
