/** Batches of another starting point that are refused before one is taken to be the truth. */
const maxRefused = 3;

/**
 * The first batch of a partition after an assignment must begin where the listener was told. With several brokers one
 * that was fetched for the assignment before can still come; to take it would skip what lies between.
 */
export class FirstBatches {
  readonly #starts = new Map<string, { readonly offset: number; refused: number }>();

  clear(): void {
    this.#starts.clear();
  }

  expect(partition: string, offset: number): void {
    this.#starts.set(partition, { offset, refused: 0 });
  }

  /**
   * undefined: take the batch. Else the offset to seek to again. kafkajs moves a position by itself when retention has
   * overtaken it, so the same refusal over and over is no stray batch.
   */
  refuse(partition: string, fetchedOffset: unknown): number | undefined {
    const start = this.#starts.get(partition);
    if (!start) return undefined;
    const isOther = typeof fetchedOffset === 'string' && Number(fetchedOffset) !== start.offset;
    if (isOther && start.refused < maxRefused) {
      start.refused += 1;
      return start.offset;
    }
    this.#starts.delete(partition);
    return undefined;
  }
}
