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
  readonly #runs: { first: number; end: number }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** In ascending order. */
  add(index: number): void {
    const last = this.#runs.at(-1);
    if (last?.end === index) last.end += 1;
    else this.#runs.push({ first: index, end: index + 1 });
    this.#count += 1;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const { first, end } of this.#runs) for (let index = first; index < end; index += 1) yield index;
  }
}
