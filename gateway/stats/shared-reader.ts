import type { Query, Row } from '../history/queries.ts';

export type ReadRows = (query: Query) => Promise<readonly Row[]>;

interface Entry {
  readonly answer: Promise<readonly Row[]>;
  /** Infinity while it runs. */
  staleAtMs: number;
}

export interface SharedReaderOptions {
  /** How long an answer serves those who ask the same. Default 250: it is late by as much. */
  readonly freshForMs?: number;
  /** Answers kept. Default 200. */
  readonly maxEntries?: number;
  readonly now?: () => number;
}

/**
 * Puts the same questions together: a hundred dashboards cost what one costs. One runs at a time for each, and its answer
 * serves a little longer; a failure is told to all who waited for it and is not kept.
 */
export function shareReads(read: ReadRows, options: SharedReaderOptions = {}): ReadRows {
  const { freshForMs = 250, maxEntries = 200, now = () => performance.now() } = options;
  const entries = new Map<string, Entry>();
  return (query) => {
    const key = JSON.stringify([query.sql, query.params]);
    const known = entries.get(key);
    if (known && known.staleAtMs > now()) return known.answer;
    const entry: Entry = { answer: read(query), staleAtMs: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    entry.answer.then(
      () => {
        entry.staleAtMs = now() + freshForMs;
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    if (entries.size > maxEntries) forgetOldest(entries, now());
    return entry.answer;
  };
}

function forgetOldest(entries: Map<string, Entry>, nowMs: number): void {
  for (const [key, { staleAtMs }] of entries) if (staleAtMs <= nowMs) entries.delete(key);
  const oldest = [...entries].find(([, { staleAtMs }]) => Number.isFinite(staleAtMs));
  if (entries.size > 0 && oldest) entries.delete(oldest[0]);
}
