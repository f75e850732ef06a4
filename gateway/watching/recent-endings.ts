import type { TaskEnding } from '../../schemas/task-ending.ts';

export interface RecentEndingsLimits {
  /** Default 50 000. */
  readonly maxEndings?: number;
  /** Of their records. Default 32 MiB. */
  readonly maxBytes?: number;
}

interface Kept {
  readonly ending: TaskEnding;
  readonly bytes: number;
}

/** The endings that came last, for those who ask a moment too late. */
export class RecentEndings {
  readonly #kept = new Map<string, Kept>();
  readonly #idsOfRoot = new Map<string, Set<string>>();
  readonly #maxEndings: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ maxEndings = 50_000, maxBytes = 32 * 1024 * 1024 }: RecentEndingsLimits = {}) {
    this.#maxEndings = maxEndings;
    this.#maxBytes = maxBytes;
  }

  add(ending: TaskEnding, bytes: number): void {
    this.#drop(keyOf(ending));
    this.#kept.set(keyOf(ending), { ending, bytes });
    this.#bytes += bytes;
    const ids = this.#idsOfRoot.get(rootOf(ending)) ?? new Set();
    this.#idsOfRoot.set(rootOf(ending), ids.add(ending.id));
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= this.#maxEndings && this.#bytes <= this.#maxBytes) return;
      this.#drop(key);
    }
  }

  /** Those of a task and of its descendants. */
  ofRoot(pipeline: string, root: string): readonly TaskEnding[] {
    const ids = this.#idsOfRoot.get(rootOf({ pipeline, root })) ?? [];
    return [...ids].flatMap((id) => this.#kept.get(keyOf({ pipeline, id }))?.ending ?? []);
  }

  get(pipeline: string, id: string): TaskEnding | undefined {
    return this.#kept.get(keyOf({ pipeline, id }))?.ending;
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
    const ids = this.#idsOfRoot.get(rootOf(kept.ending));
    ids?.delete(kept.ending.id);
    if (ids?.size === 0) this.#idsOfRoot.delete(rootOf(kept.ending));
  }
}

/** No pipeline's name holds a slash. */
const keyOf = ({ pipeline, id }: Pick<TaskEnding, 'pipeline' | 'id'>): string => `${pipeline}/${id}`;
const rootOf = ({ pipeline, root }: Pick<TaskEnding, 'pipeline' | 'root'>): string => `${pipeline}/${root}`;
