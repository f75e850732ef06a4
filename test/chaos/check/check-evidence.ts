import { CaseFile } from './case-file.ts';
import { checkCommits } from './commits.ts';
import { checkDuplicates } from './duplicates.ts';
import { checkEnds } from './ends.ts';
import type { Evidence, Resources } from './evidence.ts';
import { checkOrder } from './order.ts';
import { worstRecoveryMs } from './recovery.ts';
import { checkRows } from './rows.ts';

export type Invariant =
  | 'lost'
  | 'phantom'
  | 'wrong end'
  | 'duplicates'
  | 'order'
  | 'commits'
  | 'lag'
  | 'rows'
  | 'resources';

export interface Verdict {
  readonly tasks: number;
  readonly runs: number;
  readonly commits: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly duplicatesBound: number;
  readonly worstRecoveryMs: number;
  /** Only invariants that are broken, each with what breaks it. */
  readonly violations: ReadonlyMap<Invariant, readonly string[]>;
}

/** Judges a whole run. */
export function checkEvidence(evidence: Evidence): Verdict {
  const file = new CaseFile(evidence);
  const ends = checkEnds(evidence, file);
  const commits = checkCommits(evidence, file);
  const duplicates = checkDuplicates(evidence, file);
  const found: Readonly<Record<Invariant, readonly string[]>> = {
    lost: ends.lost,
    phantom: ends.phantom,
    'wrong end': ends.wrong,
    duplicates: duplicates.violations,
    order: checkOrder(evidence, file),
    commits,
    lag: evidence.behind,
    rows: checkRows(evidence, file),
    resources: evidence.resources.flatMap(checkResources),
  };
  const broken = invariants.filter((name) => found[name].length > 0);
  return {
    tasks: evidence.submits.length,
    runs: evidence.runs.length,
    commits: evidence.commits.length,
    lost: ends.lost.length,
    duplicates: duplicates.count,
    duplicatesBound: duplicates.bound,
    worstRecoveryMs: worstRecoveryMs(evidence, file),
    violations: new Map(broken.map((name) => [name, found[name]])),
  };
}

const invariants: readonly Invariant[] = [
  ...(['lost', 'phantom', 'wrong end', 'duplicates', 'order', 'commits', 'lag', 'rows', 'resources'] as const),
];

/** Sockets that open anew while old ones linger, and caches that fill: more than that is a leak. */
const spareDescriptors = 16;
const spareHeapBytes = 64 * 1024 * 1024;

function checkResources({ worker, before, after }: Resources): string[] {
  const found: string[] = [];
  const descriptors = after.descriptors - before.descriptors;
  const heapBytes = after.heapBytes - before.heapBytes;
  if (descriptors > spareDescriptors) found.push(`${worker} holds ${descriptors} more descriptors than at its start`);
  if (heapBytes > spareHeapBytes) found.push(`${worker} holds ${Math.round(heapBytes / 2 ** 20)} MiB more heap`);
  return found;
}
