import { afterAll, describe, expect, it } from 'vitest';
import { type Result, runSeed } from './run-seed.ts';

const seedsPerTest = 25;

/**
 * SIM_SEED=7 plays that seed alone; SIM_SEEDS=5000 so many over all files, each of which names its share of 1 000;
 * SIM_REPORT=1 prints what was played.
 */
export function testSeeds(first: number, share: number): void {
  const { SIM_SEED, SIM_SEEDS = '1000', SIM_REPORT } = process.env;
  const chosen = SIM_SEED === undefined ? undefined : Number(SIM_SEED);
  const end = first + Math.ceil((Number(SIM_SEEDS) * share) / 1_000);
  const starts = Array.from({ length: Math.ceil((end - first) / seedsPerTest) }, (_, at) => first + at * seedsPerTest);
  const results: Result[] = [];
  describe('simulation', () => {
    it.each(chosen === undefined ? starts : [chosen])(
      'nothing is lost, repeated or out of order, from seed %i',
      async (start) => {
        const last = chosen ?? Math.min(start + seedsPerTest, end) - 1;
        for (let seed = start; seed <= last; seed++) results.push(await runSeed(seed));
        expect(results.at(-1)?.seed).toBe(last);
      },
    );
    afterAll(() => {
      if (SIM_REPORT !== undefined) process.stdout.write(`${summary(results)}\n`);
    });
  });
}

function summary(results: readonly Result[]): string {
  const sum = (value: (result: Result) => number) => results.reduce((total, each) => total + value(each), 0);
  return [
    `${results.length} seeds`,
    `${sum(({ records }) => records)} records`,
    `${sum(({ runs }) => runs)} executions (${sum(({ batched }) => batched)} in batches of two or more)`,
    `${sum(({ faults }) => faults.length)} faults`,
    `${sum(({ commits }) => commits)} commits`,
    `${sum(({ duplicates }) => duplicates)} ended again after a fault`,
    `${sum(({ cancelled }) => cancelled)} cancelled`,
    `${sum(({ blamed }) => blamed)} given up as ending workers`,
    `${Math.round(sum(({ virtualMs }) => virtualMs) / 1000)} s of virtual time`,
  ].join(', ');
}
