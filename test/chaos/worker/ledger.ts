import { fdatasync, openSync, writeSync } from 'node:fs';
import type { LedgerLine } from './ledger-lines.ts';

const syncEveryMs = 200;

/**
 * An append-only file. Each line is with the kernel before write() returns, so it outlives a kill of the process; it
 * is synced to the disk besides.
 */
export class Ledger {
  readonly #file: number;
  #isDirty = false;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
    setInterval(() => this.#sync(), syncEveryMs).unref();
  }

  write(line: LedgerLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
    this.#isDirty = true;
  }

  #sync(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    fdatasync(this.#file, (error) => {
      if (error) throw error;
    });
  }
}
