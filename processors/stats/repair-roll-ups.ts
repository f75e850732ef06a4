import type { ClickHouse } from '../sinks/clickhouse.ts';
import { type RebuildOptions, rebuildRollUps } from './rebuild-roll-ups.ts';
import { dayMs, rollUps } from './roll-ups.ts';
import { type Verification, verifyRollUps } from './verify-roll-ups.ts';

const maxRounds = 3;

/**
 * Rebuilds, then verifies; again where rows came in meanwhile. Resolves with the last verification, whose differences are
 * empty when all went well. It looks at whole days, for the roll-up by day is made again as a whole.
 */
export async function repairRollUps(
  clickhouse: Pick<ClickHouse, 'query' | 'command'>,
  options: RebuildOptions,
): Promise<Verification> {
  const { fromMs, toMs, tables = rollUps.map(({ table }) => table) } = options;
  const days = { fromMs: Math.floor(fromMs / dayMs) * dayMs, toMs: Math.ceil(toMs / dayMs) * dayMs };
  for (let round = 1; ; round += 1) {
    await rebuildRollUps(clickhouse, options);
    const found = await verifyRollUps(clickhouse, days);
    const own = found.differences.filter(
      ({ table, hourMs }) =>
        tables.includes(table) && (table === 'throughput_1d' || (hourMs >= fromMs && hourMs < toMs)),
    );
    if (own.length === 0 || round === maxRounds) return { ...found, differences: own };
  }
}
