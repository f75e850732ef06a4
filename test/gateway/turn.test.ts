import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turn } from '../../gateway/intake/turn.ts';

it('the work of a turn is done together at its end, in the order it came, and answered one by one', async () => {
  const done: number[][] = [];
  const turn = new Turn<number, number>((arrivals) => {
    done.push(arrivals.map(({ item }) => item));
    for (const { item, resolve, reject } of arrivals) {
      if (item === 2) reject(new Error('two'));
      else resolve(item * 10);
    }
  });
  const answers = Promise.allSettled([1, 2, 3].map((item) => turn.add(item)));
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual([[1, 2, 3]]);
  expect(await answers).toEqual([
    { status: 'fulfilled', value: 10 },
    { status: 'rejected', reason: new Error('two') },
    { status: 'fulfilled', value: 30 },
  ]);
  expect(await turn.add(4)).toBe(40);
});
