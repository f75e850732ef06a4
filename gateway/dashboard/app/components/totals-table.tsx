import type { StageTotals } from '../api/answers.ts';
import { formatBytes, formatCount, formatShare } from '../lib/format.ts';
import { linkTo, place } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';

const columns = ['accepted', 'ok', 'retry', 'dead', 'expired', 'cancelled', 'skipped'] as const;

/** How many ended how, by stage. */
export function TotalsTable({ totals }: { totals: readonly StageTotals[] }) {
  const { path, query } = place.value;
  return (
    <section class="table-scroll" aria-label="Totals by stage">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            {columns.map((name) => (
              <th key={name} scope="col" class="right">
                {name}
              </th>
            ))}
            <th scope="col" class="right">
              failing
            </th>
            <th scope="col" class="right">
              bytes in
            </th>
          </tr>
        </thead>
        <tbody>
          {totals.map((each, index) => (
            <tr key={each.stage}>
              <th scope="row">
                <a data-row href={linkTo(path, { ...Object.fromEntries(query), stage: each.stage })}>
                  <i class={`swatch fill-${stageColour(index)}`} /> {each.stage}
                </a>
              </th>
              {columns.map((name) => (
                <td key={name} class={`right num ${each[name] === 0 ? 'is-faint' : name === 'dead' ? 'is-bad' : ''}`}>
                  {formatCount(each[name])}
                </td>
              ))}
              <td class="right num">{formatShare(failing(each))}</td>
              <td class="right num">{formatBytes(each.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function failing({ ok, retry, dead }: StageTotals): number | null {
  const all = ok + retry + dead;
  return all === 0 ? null : (retry + dead) / all;
}
