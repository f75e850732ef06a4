import type { Fault, Life } from '../check/evidence.ts';

type OpenLife = { -readonly [K in keyof Life]: Life[K] };

/** Follows what a group tells one worker, and makes lives of it. */
export class LifeBook {
  readonly #worker: string;
  readonly #threats: readonly Fault[];
  readonly #lives: OpenLife[];
  /** By group, then partition: index into the lives. */
  readonly #owned = new Map<string, Map<string, number>>();
  /** By group: since when it is in doubt what of it stays; undefined: it is not. */
  readonly #toldMs = new Map<string, number>();

  constructor(worker: string, threats: readonly Fault[], lives: OpenLife[]) {
    this.#worker = worker;
    this.#threats = threats.filter((fault) => fault.breaksMembers);
    this.#lives = lives;
  }

  told(atMs: number, group: string): void {
    if (!this.#toldMs.has(group)) this.#toldMs.set(group, atMs);
  }

  assigned(atMs: number, group: string, places: readonly (readonly [string, number, boolean])[]): void {
    const before = this.#owned.get(group) ?? new Map<string, number>();
    const after = new Map<string, number>();
    for (const [topic, partition, kept] of places) {
      const name = `${topic}/${partition}`;
      const life = kept ? before.get(name) : undefined;
      if (life !== undefined) this.#confirm(life, atMs);
      if (life !== undefined) before.delete(name);
      after.set(name, life ?? this.#open(atMs, topic, partition));
    }
    for (const life of before.values()) this.#close(group, life, atMs);
    this.#owned.set(group, after);
    this.#toldMs.delete(group);
  }

  died(atMs: number): void {
    for (const [group, owned] of this.#owned) for (const life of owned.values()) this.#close(group, life, atMs);
  }

  /** -1: the worker does not own it. */
  lifeOf(topic: string, partition: number): number {
    const name = `${topic}/${partition}`;
    for (const owned of this.#owned.values()) {
      const life = owned.get(name);
      if (life !== undefined) return life;
    }
    return -1;
  }

  #confirm(index: number, atMs: number): void {
    const life = this.#lives[index];
    if (life !== undefined) life.knownMs = atMs;
  }

  #open(fromMs: number, topic: string, partition: number): number {
    const never = Number.POSITIVE_INFINITY;
    const worker = this.#worker;
    return (
      this.#lives.push({ worker, topic, partition, fromMs, knownMs: fromMs, sureUntilMs: never, untilMs: never }) - 1
    );
  }

  /** In doubt since it was told of a rebalance, or since a fault that may have cost it its membership. */
  #close(group: string, index: number, atMs: number): void {
    const life = this.#lives[index];
    if (life === undefined) return;
    const { knownMs } = life;
    const doubts = this.#threats
      .filter((fault) => fault.atMs <= atMs && fault.healedMs >= knownMs)
      .map((fault) => Math.max(fault.atMs, knownMs));
    life.untilMs = atMs;
    life.sureUntilMs = Math.min(atMs, this.#toldMs.get(group) ?? atMs, ...doubts);
  }
}
