import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBatchResults } from '../../../processors/runtime/batch-results.ts';

type Drawn =
  | { readonly kind: 'done' | 'failed' | 'both' | 'bare'; readonly task: number; readonly value: unknown }
  | { readonly kind: 'garbage'; readonly value: unknown };

const value = fc.oneof(fc.constant(undefined), fc.integer(), fc.string(), fc.constant(null));
const drawn: fc.Arbitrary<Drawn> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('done', 'failed', 'both', 'bare'),
    // Those from 5 on are of no task of the batch.
    task: fc.nat(7),
    value,
  }),
  fc.record({ kind: fc.constant('garbage'), value }),
);

/** Ids may be there twice: all are of the same id here. */
const tasks = Array.from({ length: 8 }, () => ({ id: 'a' }));
const members = new Map(tasks.slice(0, 5).map((task, index) => [task, index]));

function resultOf(each: Drawn): unknown {
  if (each.kind === 'garbage') return each.value;
  const task = tasks[each.task];
  const { value } = each;
  return {
    done: { task, outputs: value },
    failed: { task, error: value },
    both: { task, outputs: 1, error: value },
    bare: { task },
  }[each.kind];
}

/** What it must come to, the slow way. */
function expected(each: Drawn): unknown {
  if (each.kind === 'done') return { kind: 'done', outputs: each.value };
  if (each.kind === 'both' && each.value === undefined) return { kind: 'done', outputs: 1 };
  return { kind: 'failed', error: each.kind === 'garbage' ? undefined : each.value };
}

describe('results of a batch', () => {
  it('the first result of each task counts; all others are ignored, and counted', () => {
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 20 }), (draws) => {
        const { answers, ignored } = readBatchResults(draws.map(resultOf), members);
        let counted = 0;
        for (const member of members.values()) {
          const first = draws.find((each) => each.kind !== 'garbage' && each.kind !== 'bare' && each.task === member);
          expect(answers.get(member)).toEqual(first === undefined ? undefined : expected(first));
          if (first !== undefined) counted++;
        }
        expect(answers.size).toBe(counted);
        expect(ignored).toBe(draws.length - counted);
      }),
    );
  });

  it.each([[7], ['done'], [null], [{}], [new Map(tasks.map((task) => [task, undefined]))]])(
    'no list gives no result: %s',
    (returned) => {
      expect(readBatchResults(returned, members)).toEqual({ answers: new Map(), ignored: 1 });
    },
  );

  it('nothing returned is no result, and nothing to warn of', () => {
    expect(readBatchResults(undefined, members)).toEqual({ answers: new Map(), ignored: 0 });
  });
});
