import { idempotentId } from '../../../schemas/task-id.ts';

/** What a caller heard of one POST; 'nothing': the connection ended without an answer. */
export interface Answer {
  readonly key: string;
  readonly status: number | 'nothing';
  readonly id?: string;
  readonly tookMs: number;
}

/** Kept outside of all gateways: each key that was used, and each answer. */
export class TaskLedger {
  readonly #pipeline: string;
  readonly #keys = new Set<string>();
  readonly #acknowledged = new Map<string, Set<string>>();

  constructor(pipeline: string) {
    this.#pipeline = pipeline;
  }

  /** Submits under the key, and writes down what came of it. */
  async post(gatewayUrl: string, key: string): Promise<Answer> {
    this.#keys.add(key);
    const startedAt = performance.now();
    const answer = await this.#ask(gatewayUrl, key);
    if (answer.id !== undefined) {
      const ids = this.#acknowledged.get(key) ?? new Set();
      this.#acknowledged.set(key, ids.add(answer.id));
    }
    return { key, ...answer, tookMs: performance.now() - startedAt };
  }

  /** The verdict over what stands in the topic: the ids of its records, in any order. */
  judge(recordIds: readonly string[]): Verdict {
    const counts = new Map<string, number>();
    for (const id of recordIds) counts.set(id, (counts.get(id) ?? 0) + 1);
    const own = new Set(Array.from(this.#keys, (key) => idempotentId(undefined, this.#pipeline, key)));
    const acknowledged = [...this.#acknowledged.values()];
    return {
      keys: this.#keys.size,
      acknowledged: acknowledged.length,
      manyIds: acknowledged.filter(({ size }) => size > 1).length,
      lost: acknowledged.filter((ids) => [...ids].some((id) => !counts.has(id))).length,
      foreign: [...counts.keys()].filter((id) => !own.has(id)).length,
      repeats: recordIds.length - counts.size,
    };
  }

  async #ask(gatewayUrl: string, key: string): Promise<{ status: number | 'nothing'; id?: string }> {
    try {
      const response = await fetch(`${gatewayUrl}/v1/pipelines/${this.#pipeline}/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ url: `http://127.0.0.1/${key}`, sha256: null, name: key }),
      });
      const answer: unknown = await response.json();
      const isTaken = response.status === 202 && typeof answer === 'object' && answer !== null && 'id' in answer;
      return { status: response.status, ...(isTaken && { id: String(answer.id) }) };
    } catch {
      return { status: 'nothing' };
    }
  }
}

export interface Verdict {
  readonly keys: number;
  /** Keys with a 202. */
  readonly acknowledged: number;
  /** Keys for which two answers named different tasks: must be 0. */
  readonly manyIds: number;
  /** Keys with a 202 and no record: must be 0. */
  readonly lost: number;
  /** Ids of records that no key stands behind: must be 0. */
  readonly foreign: number;
  /** Second records of a task: its stage runs it again, under the same id. */
  readonly repeats: number;
}
