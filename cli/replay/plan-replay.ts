import { PenstockError } from '../../schemas/errors.ts';
import { parseIso } from '../parse-time.ts';

/** Where a replay begins. */
export type ReplayStart =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'time'; readonly ms: number };

/** Throws PIPE_CLI_REPLAY_INVALID. */
export function parseReplayStart(text: string): ReplayStart {
  if (text === 'earliest' || text === 'latest') return { kind: text };
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) };
  const ms = parseIso(text);
  if (!Number.isNaN(ms)) return { kind: 'time', ms };
  throw new PenstockError(
    'PIPE_CLI_REPLAY_INVALID',
    `--from “${text}” is none of earliest, latest, an offset, or an ISO time such as 2026-01-31T10:00:00Z`,
  );
}

export interface PartitionFacts {
  readonly partition: number;
  /** First offset still stored. */
  readonly earliest: number;
  /** One past the last record. */
  readonly latest: number;
  /** null: the group never committed here; it begins at the earliest. */
  readonly committed: number | null;
  /** First offset not older than the asked time; only where the start is a time. */
  readonly atTime?: number;
}

export interface PartitionMove {
  readonly partition: number;
  readonly earliest: number;
  readonly latest: number;
  readonly current: number | null;
  readonly next: number;
  /** Records that the group will read from there to the present end. */
  readonly toRun: number;
  /** Of these, the ones before the current position: they ran already. */
  readonly again: number;
  /** Records never run that the move passes over. */
  readonly skipped: number;
  /** The asked offset lay outside of what is stored. */
  readonly clamped: boolean;
}

/** Where each partition goes; pure. An offset outside of [earliest, latest] becomes the nearer end. */
export function planReplay(start: ReplayStart, partitions: readonly PartitionFacts[]): PartitionMove[] {
  return partitions.map((facts) => {
    const asked = askedOffset(start, facts);
    const next = Math.min(Math.max(asked, facts.earliest), facts.latest);
    const position = Math.max(facts.committed ?? facts.earliest, facts.earliest);
    return {
      partition: facts.partition,
      earliest: facts.earliest,
      latest: facts.latest,
      current: facts.committed,
      next,
      toRun: facts.latest - next,
      again: Math.max(0, Math.min(position, facts.latest) - next),
      skipped: Math.max(0, next - position),
      clamped: next !== asked,
    };
  });
}

function askedOffset(start: ReplayStart, facts: PartitionFacts): number {
  switch (start.kind) {
    case 'earliest':
      return facts.earliest;
    case 'latest':
      return facts.latest;
    case 'offset':
      return start.offset;
    case 'time':
      return facts.atTime ?? facts.latest;
  }
}
