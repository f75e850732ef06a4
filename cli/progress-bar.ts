import { SingleBar } from 'cli-progress';
import { countOf, nounFor } from './count-of.ts';
import { isLively, printProgress } from './output.ts';

export interface ProgressBar {
  update(done: number, note?: string): void;
  stop(): void;
}

const plainEveryMs = 3_000;

/** A bar on stderr; where that is no terminal, a line every three seconds and one at the end. */
export function startProgressBar(label: string, total: number, noun: string): ProgressBar {
  const unit = nounFor(total, noun);
  return isLively(process.stderr) ? livelyBar(label, total, unit) : plainLines(label, total, unit);
}

function livelyBar(label: string, total: number, unit: string): ProgressBar {
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% {value}/{total} ${unit} {note}`,
    stream: process.stderr,
    hideCursor: true,
    barsize: 30,
  });
  bar.start(total, 0, { note: '' });
  return {
    update: (done, note = '') => bar.update(done, { note }),
    stop: () => bar.stop(),
  };
}

function plainLines(label: string, total: number, unit: string): ProgressBar {
  let printedAt = Date.now();
  let printed = '';
  let line = '';
  const print = () => {
    if (line !== printed) printProgress(line);
    printed = line;
    printedAt = Date.now();
  };
  return {
    update(done, note = '') {
      line = `${label} ${done}/${total} ${unit} ${note}`.trimEnd();
      if (Date.now() - printedAt >= plainEveryMs) print();
    },
    stop: print,
  };
}

/** For streams whose length nobody knows: a count that grows. */
export function startCounter(label: string, noun: string): { update(done: number): void; stop(): void } {
  const lively = isLively(process.stderr);
  let done = 0;
  let printedAt = Date.now();
  const show = () => {
    printedAt = Date.now();
    const line = `${label} ${countOf(done, noun)}`;
    if (lively) process.stderr.write(`\r${line}`);
    else printProgress(line);
  };
  return {
    update(count) {
      done = count;
      if (Date.now() - printedAt >= (lively ? 100 : plainEveryMs)) show();
    },
    stop() {
      show();
      if (lively) process.stderr.write('\n');
    },
  };
}
