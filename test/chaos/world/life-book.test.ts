import { describe, expect, it } from 'vitest';
import type { Fault, Life } from '../check/evidence.ts';
import { LifeBook } from './life-book.ts';

const never = Number.POSITIVE_INFINITY;

function open(threats: readonly Fault[] = []) {
  const lives: Life[] = [];
  return { lives, book: new LifeBook('w', threats, lives) };
}

const freeze = (atMs: number, healedMs: number): Fault => ({
  ...{ kind: 'SIGSTOP', target: 'w', atMs, healedMs, breaksMembers: true },
});

describe('LifeBook', () => {
  it('keeps a life that is kept, ends one that is lost, begins another where it comes back', () => {
    const { lives, book } = open();
    book.assigned(10, 'g', [
      ['t', 0, false],
      ['t', 1, false],
    ]);
    book.told(20, 'g');
    book.assigned(25, 'g', [['t', 0, true]]);
    book.assigned(30, 'g', [
      ['t', 0, false],
      ['t', 1, false],
    ]);
    const spans = lives.map(({ partition, fromMs, knownMs, sureUntilMs, untilMs }) => [
      ...[partition, fromMs, knownMs, sureUntilMs, untilMs],
    ]);
    expect(spans).toEqual([
      [0, 10, 25, 30, 30],
      [1, 10, 10, 20, 25],
      [0, 30, 30, never, never],
      [1, 30, 30, never, never],
    ]);
    expect([book.lifeOf('t', 0), book.lifeOf('t', 1), book.lifeOf('t', 2)]).toEqual([2, 3, -1]);
  });

  it('is in doubt from a fault on where the partition is lost after it, and not where it is kept', () => {
    const { lives, book } = open([freeze(12, 18), freeze(40, 60)]);
    book.assigned(10, 'g', [['t', 0, false]]);
    book.assigned(30, 'g', [['t', 0, true]]);
    book.assigned(70, 'g', []);
    expect(lives).toMatchObject([{ fromMs: 10, knownMs: 30, sureUntilMs: 40, untilMs: 70 }]);
  });

  it('ends all lives of all groups when the worker dies', () => {
    const { lives, book } = open([freeze(15, never)]);
    book.assigned(10, 'g', [['t', 0, false]]);
    book.assigned(11, 'h', [['u', 0, false]]);
    book.died(20);
    expect(lives.map(({ sureUntilMs, untilMs }) => [sureUntilMs, untilMs])).toEqual([
      [15, 20],
      [15, 20],
    ]);
  });
});
