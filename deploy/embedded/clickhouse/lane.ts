import type { Session } from 'chdb';
import { quote } from './parameters.ts';

/** One answer of the engine. */
export interface EngineResult {
  readonly bytes: Uint8Array;
  readonly readRows: number;
  readonly readBytes: number;
  readonly writtenRows: number;
  readonly writtenBytes: number;
  readonly elapsedMs: number;
}

export interface LaneJob<T> {
  readonly database: string;
  /** Asked when the turn comes: a statement nobody waits for is not begun. */
  readonly isWanted: () => boolean;
  readonly work: (session: Session) => Promise<T>;
}

/** One connection of the engine: it runs one statement at a time, in the order of the calls. */
export interface Lane {
  /** Statements that run or wait. */
  readonly load: number;
  run<T>(job: LaneJob<T>): Promise<T>;
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>;
}

export class AbandonedRequest extends Error {
  override readonly name = 'AbandonedRequest';
}

export function openLane(session: Session, database: string): Lane {
  let tail: Promise<void> = Promise.resolve();
  let load = 0;
  let current = database;

  async function turn<T>(job: LaneJob<T>): Promise<T> {
    if (!job.isWanted()) throw new AbandonedRequest('the client left before its turn came');
    if (job.database !== current) {
      await session.queryAsync(`USE \`${quote(job.database).slice(1, -1).replaceAll('`', '\\`')}\``);
      current = job.database;
    }
    return job.work(session);
  }

  return {
    get load() {
      return load;
    },
    run(job) {
      load += 1;
      const result = tail.then(() => turn(job)).finally(() => (load -= 1));
      tail = result.then(
        () => undefined,
        () => undefined,
      );
      return result;
    },
    idle: () => tail,
  };
}
