import type { Envelope } from '../../schemas/envelope.ts';
import { type CancelOrder, cancelWindowMs } from '../../topics/control/cancel-order.ts';

export interface CancelMemoryOptions {
  /** Epoch ms. Default Date.now. */
  readonly now?: () => number;
  /** Default 24 hours. */
  readonly windowMs?: number;
  /** Ids remembered at once, the newest; about 200 bytes each. Default 100 000. */
  readonly maxIds?: number;
}

interface Scope {
  readonly at: number;
  readonly pipeline: string;
  readonly tenant: string;
}

/** Orders for one id that differ in pipeline or tenant; more are nobody's honest use. */
const maxScopes = 8;

/** Which tasks are cancelled, for a limited time and a limited number. One for all stages of a process. */
export class CancelMemory {
  /** In order of arrival, an id that comes again at the end. */
  readonly #scopes = new Map<string, readonly Scope[]>();
  readonly #now: () => number;
  readonly #windowMs: number;
  readonly #maxIds: number;
  /** Ids dropped before their time. */
  dropped = 0;

  constructor(options: CancelMemoryOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#windowMs = options.windowMs ?? cancelWindowMs;
    this.#maxIds = options.maxIds ?? 100_000;
  }

  /** 0: nothing is cancelled, and nobody need ask. */
  get size(): number {
    return this.#scopes.size;
  }

  /** False: it is too old to count. */
  add(order: CancelOrder): boolean {
    const now = this.#now();
    // A clock ahead of ours must not make an order live longer.
    const scope = { at: Math.min(order.at, now), pipeline: order.pipeline, tenant: order.tenant };
    if (this.#isOver(scope, now)) return false;
    for (const id of order.taskIds) this.#remember(id, scope);
    this.#forget(now);
    return true;
  }

  /** Whether the task, its parent or its first ancestor is cancelled. */
  covers(envelope: Pick<Envelope, 'id' | 'parent' | 'root' | 'tenant'>, pipeline: string): boolean {
    const now = this.#now();
    this.#forget(now);
    const { id, parent, root, tenant = '' } = envelope;
    return [id, parent, root].some((each) => each !== undefined && this.#names(each, pipeline, tenant, now));
  }

  #names(id: string, pipeline: string, tenant: string, now: number): boolean {
    const scopes = this.#scopes.get(id) ?? [];
    return scopes.some((scope) => !this.#isOver(scope, now) && fits(scope, pipeline, tenant));
  }

  #remember(id: string, scope: Scope): void {
    const known = this.#scopes.get(id) ?? [];
    const others = known.filter((each) => !isSame(each, scope));
    // Clocks differ: what is read last need not be the newest.
    const at = Math.max(scope.at, ...known.filter((each) => isSame(each, scope)).map((each) => each.at));
    this.#scopes.delete(id);
    this.#scopes.set(id, [...others, { ...scope, at }].slice(-maxScopes));
  }

  #forget(now: number): void {
    for (const [id, scopes] of this.#scopes) {
      const isExpired = scopes.every((scope) => this.#isOver(scope, now));
      if (!isExpired && this.#scopes.size <= this.#maxIds) return;
      if (!isExpired) this.dropped++;
      this.#scopes.delete(id);
    }
  }

  #isOver(scope: Scope, now: number): boolean {
    return scope.at + this.#windowMs <= now;
  }
}

function fits(scope: Scope, pipeline: string, tenant: string): boolean {
  return (scope.pipeline === '' || scope.pipeline === pipeline) && (scope.tenant === '' || scope.tenant === tenant);
}

const isSame = (one: Scope, other: Scope): boolean => one.pipeline === other.pipeline && one.tenant === other.tenant;
