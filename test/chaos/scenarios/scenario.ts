import type { TaskWish } from '../world/submitter.ts';
import type { World } from '../world/world.ts';

export type Scale = 'small' | 'full';

/** One row of what a system must survive. */
export interface Scenario {
  readonly name: string;
  /** As the report names it. */
  readonly faults: string;
  /** Duplicates that are allowed, as a share of all records; the computed bound holds besides. */
  readonly maxDuplicateShare: number;
  /** Delayed retries of the first stage. Default: none. */
  readonly delayed?: readonly string[];
  /** Default 6 000: short, so that takeovers are seen. */
  readonly sessionTimeoutMs?: number;
  /** How long a handler that blocks does so. Default 10 000. */
  readonly blockMs?: number;
  /** Plays it with the workers that it starts; answers with what is wrong beyond the checker's invariants. */
  run(world: World, scale: Scale): Promise<readonly string[]>;
}

/** Takes tasks in at a steady rate for as long as `act` goes on. */
export async function underLoad(
  world: World,
  perSecond: number,
  wish: (n: number) => TaskWish,
  act: () => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const submitting = world.client.submit({ count: Number.POSITIVE_INFINITY, perSecond, wish, signal });
  try {
    await act();
  } finally {
    over.abort();
    await submitting;
  }
}

/** The same task for the same number, whatever the faults did to the order of things. */
export function mostlyGood(n: number): TaskWish {
  const ms = (n * 7919) % 30;
  if (n % 100 === 99) return { due: 'dead', plan: 'throw', ms };
  if (n % 25 === 24) return { due: 'ok', plan: 'flaky-2', ms };
  return { due: 'ok', plan: 'ok', ms };
}

export async function times(count: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let index = 0; index < count; index++) await act(index);
}
