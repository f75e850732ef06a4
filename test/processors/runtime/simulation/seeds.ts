import { describe, expect, it } from 'vitest';
import { runSeed } from './run-seed.ts';

const seedsPerTest = 25;

/** SIM_SEED=7 plays one seed, SIM_SEEDS=5000 more of them; the file given as the first takes the odd one. */
export function testSeeds(first: number, count: number): void {
  const { SIM_SEED, SIM_SEEDS } = process.env;
  const chosen = SIM_SEED === undefined ? undefined : Number(SIM_SEED);
  const total = SIM_SEEDS === undefined ? count : Math.ceil((Number(SIM_SEEDS) * count) / 1_000);
  const starts = Array.from({ length: Math.ceil(total / seedsPerTest) }, (_, at) => first + at * seedsPerTest);
  describe('simulation', () => {
    it.each(chosen === undefined ? starts : [chosen])(
      'nothing is lost, repeated or out of order, from seed %i',
      async (start) => {
        const last = chosen ?? Math.min(start + seedsPerTest, first + total) - 1;
        for (let seed = start; seed <= last; seed++) expect((await runSeed(seed)).seed).toBe(seed);
      },
    );
  });
}
