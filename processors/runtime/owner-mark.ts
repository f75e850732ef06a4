/**
 * Stands before the finished offsets in a commit's metadata for as long as a worker owns the partition, and is taken away
 * when it gives the partition up in good order. Who finds one that is not its own knows that an owner vanished.
 */
export interface OwnerMark {
  /** Owners that vanished, one after another, before this one. */
  readonly deaths: number;
  /** Which worker; at most 8 characters. */
  readonly owner: string;
  /** Offset of the one task that ran, where tasks ran one at a time. */
  readonly alone: number | null;
  /** Offset of the task that ran alone when an owner vanished; null: none, or it has ended well since. */
  readonly accused: number | null;
  /** Offsets of tasks that are to blame, until their dead letters are written; the newest two. */
  readonly culprits: readonly number[];
}

/** Room that the finished offsets leave. */
export const markMaxLength = 84;
const maxDeaths = 999;
const pattern = /^o(\d{1,3})\.([\w-]{1,8})(?:@(\d{1,16}))?(?:~(\d{1,16}))?((?:!\d{1,16}){0,2});/;

const mostCulprits = 2;

export function writeMark({ deaths, owner, alone, accused, culprits }: OwnerMark): string {
  const offsets = [
    named('@', alone),
    named('~', accused),
    ...culprits.slice(-mostCulprits).map((each) => named('!', each)),
  ];
  return `o${Math.min(deaths, maxDeaths)}.${owner}${offsets.join('')};`;
}

const named = (sign: string, offset: number | null): string => (offset === null ? '' : `${sign}${offset}`);
const offsetOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

/** null for metadata without one, whoever wrote it. */
export function readMark(metadata: string): OwnerMark | null {
  const [, deaths, owner = '', alone, accused, culprits = ''] = pattern.exec(metadata.slice(0, markMaxLength)) ?? [];
  if (deaths === undefined) return null;
  const offsets = culprits.split('!').slice(1).map(Number);
  return { deaths: Number(deaths), owner, alone: offsetOf(alone), accused: offsetOf(accused), culprits: offsets };
}

/** The metadata behind the mark. */
export function withoutMark(metadata: string): string {
  return metadata.replace(pattern, '');
}

/** What a new owner makes of the mark that it finds. */
export interface Verdict {
  /** For its own mark. */
  readonly deaths: number;
  /** For its own mark: the task that ran alone when the owner before vanished. */
  readonly accused: number | null;
  /** Offsets of tasks that ended one owner after another; they must not run again. */
  readonly culprits: readonly number[];
  /** So many of the first tasks run alone, one at a time, each named in a commit before it begins. */
  readonly suspects: number;
}

const firstSuspects = 64;

/**
 * Two owners may vanish by chance; with the third, tasks run alone, so that the next one knows which it was. Whoever kills
 * from outside hits some task too: only the one that two owners in a row had alone is to blame. A task may thus end four
 * processes; one of fewer attempts as many as it has, and one more. `survived`: the mark is this process's own, and it was
 * not stalled: the membership was lost, no process.
 */
export function judgeMark(
  mark: OwnerMark | null,
  { survived, attempts, concurrency }: { survived: boolean; attempts: number; concurrency: number },
): Verdict {
  if (mark === null) return { deaths: 0, accused: null, culprits: [], suspects: 0 };
  const deaths = mark.deaths + (survived ? 0 : 1);
  const tolerated = Math.max(1, Math.min(2, attempts - 1));
  const blame = blameOf(mark, { survived, isEnough: attempts <= tolerated });
  if (deaths < tolerated) return { deaths, ...blame, suspects: 0 };
  // What a dead owner ran began among the first; where that was not it, look further.
  const suspects = Math.max(firstSuspects, concurrency * 2) * 2 ** Math.min(deaths - tolerated, 10);
  return { deaths, ...blame, suspects };
}

/** `isEnough`: to have been alone once. */
function blameOf(
  { alone, accused, culprits }: OwnerMark,
  { survived, isEnough }: { survived: boolean; isEnough: boolean },
): Pick<Verdict, 'accused' | 'culprits'> {
  if (survived || alone === null) return { accused, culprits };
  const isProven = isEnough || alone === accused;
  return isProven ? { accused: null, culprits: [...culprits, alone] } : { accused: alone, culprits };
}
