import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentEndings } from '../../../gateway/watching/recent-endings.ts';
import { WholeTask } from '../../../gateway/watching/whole-task.ts';
import { endStates, type TaskEnding } from '../../../schemas/task-ending.ts';

const now = '2026-11-21T10:00:00.000Z';
const ending = (id: string, more: Partial<TaskEnding> = {}): TaskEnding => ({
  ...{ id, pipeline: 'p', stage: 's', state: 'succeeded', attempts: 1, root: 'r', submittedAt: now, finishedAt: now },
  ...more,
});

/** A tree of tasks: for each the number of its children, breadth first, until the list is used up. */
function treeOf(widths: readonly number[]): TaskEnding[] {
  const tasks: TaskEnding[] = [];
  const open = ['r'];
  for (let index = 0; open.length > 0; index++) {
    const id = open.shift() ?? '';
    const children = widths[index] ?? 0;
    const state = endStates[(widths.length + index) % endStates.length] ?? 'succeeded';
    const parent = id === 'r' ? {} : { parent: id.slice(0, id.lastIndexOf('.')) };
    tasks.push(ending(id, { state, ...parent, ...(children > 0 && { children }) }));
    for (let child = 0; child < children; child++) open.push(`${id}.${child}`);
  }
  return tasks;
}

describe('a whole task', () => {
  it('is over with the last of its descendants, in whatever order and however often they are told', () => {
    const drawn = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }).chain((widths) => {
      const tree = treeOf(widths);
      return fc.tuple(
        fc.constant(tree),
        fc.shuffledSubarray(tree, { minLength: tree.length }),
        fc.array(fc.constantFrom(...tree), { maxLength: 10 }),
      );
    });
    fc.assert(
      fc.property(drawn, ([tree, shuffled, again]) => {
        const whole = new WholeTask('r');
        const last = shuffled.at(-1);
        for (const each of shuffled.slice(0, -1)) expect(whole.add(each)).toBeUndefined();
        for (const each of again) if (each.id !== last?.id) expect(whole.add(each)).toBeUndefined();
        const end = last && whole.add(last);
        expect(end).toMatchObject({ id: 'r' });
        const others = tree.slice(1);
        const count = (state: string) => others.filter((each) => each.state === state).length;
        if (others.length === 0) expect(end).not.toHaveProperty('descendants');
        else {
          const counts = Object.fromEntries(endStates.map((state) => [state, count(state)]));
          expect(end?.descendants).toEqual({ total: others.length, ...counts });
        }
      }),
    );
  });

  it('that is too large to be followed never counts as whole', () => {
    const whole = new WholeTask('r');
    whole.add(ending('r', { children: 100_000 }));
    let over: unknown;
    for (let child = 0; child < 100_000; child++) over ??= whole.add(ending(`c${child}`));
    expect(over).toBeUndefined();
  });
});

describe('recent endings', () => {
  it('are found by task and by root, the newest only, within the limits', () => {
    const recent = new RecentEndings({ maxEndings: 3 });
    recent.add(ending('a', { root: 'a' }), 10);
    recent.add(ending('b', { root: 'a', state: 'dead' }), 10);
    recent.add(ending('b', { root: 'a' }), 10);
    expect(recent.ofRoot('p', 'a').map(({ id, state }) => [id, state])).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    recent.add(ending('c', { root: 'c' }), 10);
    recent.add(ending('d', { root: 'd' }), 10);
    expect(recent.get('p', 'a')).toBeUndefined();
    expect(recent.ofRoot('p', 'a').map(({ id }) => id)).toEqual(['b']);
    expect(recent.get('q', 'd')).toBeUndefined();
    expect(recent.get('p', 'd')).toBeDefined();
  });

  it('take no more bytes than they may', () => {
    const recent = new RecentEndings({ maxBytes: 100 });
    for (let n = 0; n < 50; n++) recent.add(ending(`t${n}`), 40);
    expect(recent.ofRoot('p', 'r').map(({ id }) => id)).toEqual(['t48', 't49']);
  });
});
