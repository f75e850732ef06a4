import { newTaskId } from '../../schemas/task-id.ts';

/** Id of the task at that position of a batch. */
export type IdOf = (index: number) => string;

const counterDigits = 8;

/**
 * Ids of a batch without a key: one UUIDv7 whose last 32 bits count. So the answer to ten million lines need not hold ten
 * million ids. What remains tells batches apart: the millisecond and 48 random bits.
 */
export function freshIds(): IdOf {
  const prefix = newTaskId().slice(0, -counterDigits);
  return (index) => prefix + index.toString(16).padStart(counterDigits, '0');
}

/** Positions that were accepted, as runs: in good batches a few, whatever their length. */
export class AcceptedIndexes {
  /** Ascending, with gaps between them. */
  readonly #runs: { first: number; end: number }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Each position once; groups of a batch may be acknowledged in another order than they were sent. */
  add(index: number): void {
    let at = this.#runs.length;
    while ((this.#runs[at - 1]?.first ?? -1) > index) at -= 1;
    const before = this.#runs[at - 1];
    const after = this.#runs[at];
    const touches = { before: before?.end === index, after: after?.first === index + 1 };
    if (before && touches.before) before.end = after && touches.after ? after.end : index + 1;
    else if (after && touches.after) after.first = index;
    else this.#runs.splice(at, 0, { first: index, end: index + 1 });
    if (touches.before && touches.after) this.#runs.splice(at, 1);
    this.#count += 1;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const { first, end } of this.#runs) for (let index = first; index < end; index += 1) yield index;
  }
}
