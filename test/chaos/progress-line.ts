const everyMs = 5_000;

/** Where a run stands: one line that is written over on a terminal, else one every few seconds. */
export class ProgressLine {
  readonly #startMs = Date.now();
  #shownMs = 0;

  show(line: string): void {
    const text = `${((Date.now() - this.#startMs) / 1000).toFixed(0)} s  ${line}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${text}`);
    } else if (Date.now() - this.#shownMs > everyMs) {
      this.#shownMs = Date.now();
      process.stderr.write(`${text}\n`);
    }
  }

  /** Stays. */
  say(line: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`);
  }
}
