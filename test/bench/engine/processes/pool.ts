import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../../serve.ts';

/** The baseline of slot use: so many loops that each take the next task from a counter. */

interface Run {
  readonly count: number;
  readonly slots: number;
  readonly waitMs: number;
}

serve({
  async run({ count, slots, waitMs }: Run) {
    let next = 0;
    const hand = async (): Promise<void> => {
      for (; next < count; ) {
        next += 1;
        await sleep(waitMs);
      }
    };
    const since = performance.now();
    await Promise.all(Array.from({ length: slots }, hand));
    return performance.now() - since;
  },
});
