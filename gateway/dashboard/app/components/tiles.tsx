import type { PipelineInfo, Throughput } from '../api/answers.ts';
import { isBehind } from '../lib/backlog.ts';
import { formatRate, formatShare, formatShort, formatShortSpan, none } from '../lib/format.ts';
import { type RateSpan, ratesOf } from '../lib/rates.ts';

export interface TilesProps {
  readonly pipeline: PipelineInfo;
  readonly stats: Throughput | undefined;
  readonly rate: RateSpan;
}

/** A pipeline in six figures. */
export function Tiles({ pipeline, stats, rate }: TilesProps) {
  const { stages } = pipeline;
  const rates = stats?.series.map((series) => ratesOf(series, stats, rate));
  const ok = rates?.reduce((sum, each) => sum + each.ok, 0);
  const failed = rates?.reduce((sum, each) => sum + each.failed, 0);
  const share = ok === undefined || failed === undefined || ok + failed === 0 ? null : failed / (ok + failed);
  const lag = known(stages.map((stage) => stage.lag));
  const busiest = known(
    stages.map((stage) => stage.etaMs),
    Math.max,
  );
  const behind = stages.find(isBehind);
  const isSoon = lag === 0 || (busiest !== null && busiest < 1_000);
  const emptyIn = behind ? 'no end' : isSoon ? 'now' : formatShortSpan(busiest);
  return (
    <dl class="tiles">
      <Tile name="Finished" value={formatRate(ok)} unit="/s" />
      <Tile
        name="Failed"
        value={formatRate(failed)}
        unit="/s"
        tone={failed ? 'bad' : ''}
        note={failed ? formatShare(share) : ''}
      />
      <Tile name="Waiting" value={formatShort(lag)} tone={behind ? 'warn' : ''} note={behind ? behind.trend : ''} />
      <Tile name="Empty in" value={emptyIn} />
      <Tile name="Running" value={formatShort(known(stages.map((stage) => stage.inFlight)))} />
      <Tile
        name="Workers"
        value={formatShort(
          known(
            stages.map((stage) => stage.workers),
            Math.max,
          ),
        )}
        tone={stages.some(({ workers }) => workers === 0) ? 'bad' : ''}
        note={stages.some(({ workers }) => workers === 0) ? 'a stage has none' : ''}
      />
    </dl>
  );
}

function Tile({
  name,
  value,
  unit,
  tone = '',
  note = '',
}: {
  name: string;
  value: string;
  unit?: string;
  tone?: string;
  note?: string;
}) {
  return (
    <div class={`tile ${tone && `is-${tone}`}`}>
      <dt>{name}</dt>
      <dd>
        <span class="tile-value num">{value}</span>
        {unit && value !== none && <span class="tile-unit">{unit}</span>} <span class="tile-note">{note}</span>
      </dd>
    </div>
  );
}

/** Over what is known; null: nothing is. */
function known(
  values: readonly (number | null)[],
  join: (a: number, b: number) => number = (a, b) => a + b,
): number | null {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : told.reduce((a, b) => join(a, b));
}
