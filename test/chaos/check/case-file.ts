import {
  type Evidence,
  type Letter,
  type Place,
  placeName,
  type Row,
  type Run,
  type StoredRecord,
} from './evidence.ts';

/** All that is known of one record. */
export interface PlaceCase {
  readonly place: Place;
  record: StoredRecord | undefined;
  readonly runs: Run[];
  readonly letters: Letter[];
  readonly rows: Row[];
  /** When a commit first covered it; Infinity: never. */
  coveredMs: number;
}

/** Evidence by record. */
export class CaseFile {
  readonly cases = new Map<string, PlaceCase>();

  constructor({ records, runs, letters, rows }: Pick<Evidence, 'records' | 'runs' | 'letters' | 'rows'>) {
    for (const record of records) this.#open(record).record = record;
    for (const run of runs) this.#open(run).runs.push(run);
    for (const letter of letters) this.#open(letter.source).letters.push(letter);
    for (const row of rows) this.#open(row).rows.push(row);
    for (const each of this.cases.values()) each.runs.sort((one, other) => one.startMs - other.startMs);
  }

  at(place: Place): PlaceCase | undefined {
    return this.cases.get(placeName(place));
  }

  #open({ topic, partition, offset }: Place): PlaceCase {
    const place = { topic, partition, offset };
    const name = placeName(place);
    const found = this.cases.get(name);
    if (found !== undefined) return found;
    const opened = { place, record: undefined, runs: [], letters: [], rows: [], coveredMs: Number.POSITIVE_INFINITY };
    this.cases.set(name, opened);
    return opened;
  }
}

/** No more runs of this record are due after it. */
export const isFinal = (run: Run): boolean => run.end === 'ok' || run.end === 'gave-up';

/** When a record was first done with; Infinity: never. */
export function endedMs({ runs, letters }: PlaceCase): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const run of runs) if (isFinal(run)) earliest = Math.min(earliest, run.endMs);
  for (const letter of letters) earliest = Math.min(earliest, letter.timestampMs);
  return earliest;
}
