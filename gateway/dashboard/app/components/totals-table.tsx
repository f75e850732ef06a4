import type { StageTotals } from '../api/answers.ts';
import { formatBytes, formatCount, formatShare } from '../lib/format.ts';
import { linkHere } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';
import { type Column, Table } from './table.tsx';

const outcomes = ['accepted', 'ok', 'retry', 'dead', 'expired', 'cancelled', 'skipped'] as const;
const columns: readonly Column[] = [
  ['Stage'],
  ...[...outcomes, 'failing', 'bytes in'].map((head) => [head, 'right'] as const),
];

/** How many ended how, by stage. */
export function TotalsTable({ totals }: { totals: readonly StageTotals[] }) {
  return (
    <Table label="Totals by stage" look="fixed-table" columns={columns}>
      {totals.map((each, index) => (
        <tr key={each.stage}>
          <th scope="row">
            <a data-row href={linkHere({ stage: each.stage })}>
              <i class={`swatch ink-${stageColour(index)}`} /> {each.stage}
            </a>
          </th>
          {outcomes.map((name) => (
            <td key={name} class={`right num ${each[name] === 0 ? 'is-faint' : name === 'dead' ? 'is-bad' : ''}`}>
              {formatCount(each[name])}
            </td>
          ))}
          <td class="right num">{formatShare(failing(each))}</td>
          <td class="right num">{formatBytes(each.bytes)}</td>
        </tr>
      ))}
    </Table>
  );
}

function failing({ ok, retry, dead }: StageTotals): number | null {
  const all = ok + retry + dead;
  return all === 0 ? null : (retry + dead) / all;
}
