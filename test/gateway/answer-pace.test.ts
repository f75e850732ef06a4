import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AnswerPace } from '../../gateway/routes/answer-pace.ts';

function ask(pace: AnswerPace, count: number) {
  const out: number[] = [];
  const note = (index: number): void => void out.push(index);
  const answers = Array.from({ length: count }, (_, index) => {
    const turn = pace.wait();
    if (!turn) note(index);
    return turn?.then(() => note(index));
  });
  return { out, all: Promise.all(answers) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the pace of answers', () => {
  it('lets sixteen out a turn while connections come in, in their order', async () => {
    const pace = new AnswerPace();
    const { out, all } = ask(pace, 100);
    for (let turns = 1; turns <= 5; turns += 1) {
      expect(out).toEqual(upTo(16 * turns));
      pace.connected();
      await nextTurn();
    }
    await all;
    expect(out).toEqual(upTo(100));
  });

  it('lets all out after a turn without a new connection', async () => {
    const pace = new AnswerPace();
    const { out, all } = ask(pace, 1_000);
    expect(out).toEqual(upTo(16));
    await nextTurn();
    await nextTurn();
    expect(out).toEqual(upTo(1_000));
    await all;
    expect(ask(pace, 1_000).out).toEqual(upTo(1_000));
  });

  it('lets nobody pass who came later', async () => {
    const pace = new AnswerPace();
    const { out, all } = ask(pace, 40);
    pace.connected();
    await nextTurn();
    const late = pace.wait()?.then(() => out.push(-1));
    await Promise.all([all, late]);
    expect(out.at(-1)).toBe(-1);
    expect(out).toHaveLength(41);
  });
});
