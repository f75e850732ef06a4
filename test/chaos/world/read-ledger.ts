import { readFileSync } from 'node:fs';
import type { Fault, Life, Run } from '../check/evidence.ts';
import type { LedgerLine } from '../worker/ledger-lines.ts';
import { LifeBook } from './life-book.ts';

export interface LedgerFile {
  readonly worker: string;
  readonly path: string;
  /** Infinity: it lives. */
  readonly diedMs: number;
}

export interface ReadLedgers {
  readonly runs: Run[];
  readonly lives: Life[];
  /** What handlers did to their own processes. */
  readonly harms: Fault[];
}

type OpenRun = { -readonly [K in keyof Run]: Run[K] };

/** Runs, and who owned which partition when. `faults` tell when a worker could no longer be sure. */
export function readLedgers(files: readonly LedgerFile[], faults: readonly Fault[]): ReadLedgers {
  const found: ReadLedgers = { runs: [], lives: [], harms: [] };
  for (const file of files) {
    const lines = readLines(file.path);
    const harms = harmsOf(lines, file);
    found.harms.push(...harms);
    const threats = [...faults.filter(({ target }) => target === file.worker || target === 'kafka'), ...harms];
    readOne(file, lines, new LifeBook(file.worker, threats, found.lives), found);
  }
  return found;
}

function readOne(file: LedgerFile, lines: readonly LedgerLine[], book: LifeBook, found: ReadLedgers): void {
  const open = new Map<number, OpenRun>();
  for (const line of lines) {
    if (line[0] === 'assigned') book.assigned(line[1], line[2], line[3]);
    else if (line[0] === 'told') book.told(line[1], line[2]);
    else if (line[0] === 'start') {
      const [, startMs, run, topic, partition, offset, attempt, task, key] = line;
      const life = book.lifeOf(topic, partition);
      const place = { topic, partition, offset };
      const begun = { ...place, worker: file.worker, task, key, attempt, startMs, life };
      const cut: OpenRun = { ...begun, endMs: Number.POSITIVE_INFINITY, end: 'cut' };
      open.set(run, cut);
      found.runs.push(cut);
    } else if (line[0] === 'end') {
      const run = open.get(line[2]);
      open.delete(line[2]);
      if (run !== undefined) Object.assign(run, { endMs: line[1], end: line[3] });
    }
  }
  if (file.diedMs !== Number.POSITIVE_INFINITY) book.died(file.diedMs);
}

/** The last line may be torn: its process was killed. */
function readLines(path: string): LedgerLine[] {
  const texts = readFileSync(path, 'utf8').split('\n');
  texts.pop();
  return texts.map((text) => JSON.parse(text));
}

function harmsOf(lines: readonly LedgerLine[], { worker, diedMs }: LedgerFile): Fault[] {
  const harms: { -readonly [K in keyof Fault]: Fault[K] }[] = [];
  for (const line of lines) {
    if (line[0] === 'harm') {
      harms.push({ kind: line[2], target: worker, atMs: line[1], healedMs: diedMs, breaksMembers: true });
    } else if (line[0] === 'healed') {
      const harm = harms.at(-1);
      if (harm !== undefined) harm.healedMs = line[1];
    }
  }
  return harms;
}
