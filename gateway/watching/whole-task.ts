import type { EndState, TaskEnding } from '../../schemas/task-ending.ts';

/** How the descendants of a task ended. */
export type Descendants = Readonly<Record<EndState | 'total', number>>;

/** The end of a task and of all that it fanned out into: what `?wait` answers with. */
export interface WholeEnding extends TaskEnding {
  /** Only where it fanned out. */
  readonly descendants?: Descendants;
}

/** More are not followed: the task then never counts as whole. About 10 MB of ids. */
const maxTasks = 100_000;

/**
 * Follows a task with its descendants. Each that ends says how many it fanned out into: all are over once as many have
 * ended as were promised, none of them before its parent told its number. Endings come in any order, and more than once.
 */
export class WholeTask {
  readonly #id: string;
  readonly #ended = new Set<string>();
  /** Parents of some that ended, not told yet. */
  readonly #awaited = new Set<string>();
  readonly #counts: Record<EndState, number> = { succeeded: 0, dead: 0, cancelled: 0, expired: 0 };
  #promised = 1;
  #root: TaskEnding | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** The whole, once it is over. */
  add(ending: TaskEnding): WholeEnding | undefined {
    if (this.#ended.size < maxTasks && !this.#ended.has(ending.id)) this.#count(ending);
    if (this.#root === undefined || this.#ended.size < this.#promised || this.#awaited.size > 0) return undefined;
    const total = this.#ended.size - 1;
    return total === 0 ? this.#root : { ...this.#root, descendants: { total, ...this.#counts } };
  }

  #count(ending: TaskEnding): void {
    this.#ended.add(ending.id);
    this.#awaited.delete(ending.id);
    this.#promised += ending.children ?? 0;
    if (ending.id === this.#id) {
      this.#root = ending;
      return;
    }
    this.#counts[ending.state]++;
    if (ending.parent !== undefined && !this.#ended.has(ending.parent)) this.#awaited.add(ending.parent);
  }
}
