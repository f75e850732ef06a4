/** The end of a stream that may be faster than any eye. */
export interface Tail<Item> {
  /** Newest first. */
  readonly items: readonly { readonly key: number; readonly item: Item }[];
  readonly seen: number;
  /** Came and went between two paints: never shown. */
  readonly skipped: number;
}

export const emptyTail: Tail<never> = { items: [], seen: 0, skipped: 0 };

/** `arrived` oldest first: what came since the last paint. */
export function addToTail<Item>(
  tail: Tail<Item>,
  arrived: readonly Item[],
  arrivedCount: number,
  max: number,
): Tail<Item> {
  const newest = arrived.slice(-max);
  const seen = tail.seen + arrivedCount;
  const added = newest.map((item, index) => ({ key: seen - newest.length + index, item })).reverse();
  return {
    items: [...added, ...tail.items].slice(0, max),
    seen,
    skipped: tail.skipped + arrivedCount - newest.length,
  };
}
