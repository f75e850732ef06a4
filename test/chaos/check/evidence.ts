/**
 * What is known after a run, all of it from outside of the engine: the clients' log, the handlers' ledgers, the topics,
 * the group's commits as Kafka stored them, ClickHouse's rows, and what the faults did when. Times are epoch ms of one
 * machine, so that of two times of which one led to the other the first is never the larger.
 */
export interface Evidence {
  readonly submits: readonly Submit[];
  /** Stage topics and retry topics, whole. */
  readonly records: readonly StoredRecord[];
  readonly runs: readonly Run[];
  readonly lives: readonly Life[];
  readonly letters: readonly Letter[];
  readonly commits: readonly Commit[];
  readonly rows: readonly Row[];
  /** Rows that stand in the attempts topic; undefined: not counted. */
  readonly rowsInTopic?: number;
  readonly faults: readonly Fault[];
  /** Partitions that are still behind when the time to drain is over. */
  readonly behind: readonly string[];
  readonly resources: readonly Resources[];
  readonly rules: Rules;
}

export interface Rules {
  /** Where tasks enter. */
  readonly firstTopic: string;
  /** A run that ended well there is the task's good end. */
  readonly lastTopic: string;
  /** Topics whose tasks of one key must run one after another. */
  readonly keyedTopics: readonly string[];
  /** Beyond the computed bound, what the scenario allows of all tasks; 0: none at all. */
  readonly maxDuplicateShare: number;
}

/** `any`: finished or buried, the fault decides. */
export type Due = 'ok' | 'dead' | 'any';

export interface Submit {
  readonly id: string;
  /** indeterminate: no acknowledgement came, it may stand in Kafka all the same. */
  readonly answer: 'ok' | 'fail' | 'indeterminate';
  readonly due: Due;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface StoredRecord extends Place {
  readonly id: string;
  readonly key: string | null;
  readonly timestampMs: number;
  /** Of key, value and headers. */
  readonly digest: string;
}

/** gave-up: failed, and no attempt follows in place. aborted: told that its result counts for nothing. cut: the process ended. */
export type RunEnd = 'ok' | 'retry' | 'gave-up' | 'aborted' | 'cut';

/** One call of a handler. */
export interface Run extends Place {
  readonly worker: string;
  readonly task: string;
  readonly key: string;
  readonly attempt: number;
  readonly startMs: number;
  /** Infinity where it was cut. */
  readonly endMs: number;
  readonly end: RunEnd;
  /** Index into `lives`. */
  readonly life: number;
}

/** A partition in the hands of one worker without a gap. */
export interface Life {
  readonly worker: string;
  readonly topic: string;
  readonly partition: number;
  readonly fromMs: number;
  /** When the group last told the worker that it owns it. */
  readonly knownMs: number;
  /** When the worker could last be sure that nobody else owns it; Infinity: to the end. */
  readonly sureUntilMs: number;
  /** When it learned of the loss, or died; Infinity: it kept it. */
  readonly untilMs: number;
}

export interface Letter {
  readonly id: string;
  readonly source: Place;
  readonly timestampMs: number;
  readonly digest: string;
}

export interface Commit extends Place {
  /** Offsets above it that count as finished too; absolute, [start, end). */
  readonly above: readonly { readonly start: number; readonly end: number }[];
  readonly atMs: number;
}

export interface Row extends Place {
  readonly id: string;
  readonly worker: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly nextStage: string;
  /** Where the sink found it: unlike for any two rows. */
  readonly source: string;
}

export interface Fault {
  readonly kind: string;
  /** A worker's name, or a service. */
  readonly target: string;
  readonly atMs: number;
  /** When what it did was undone; the same as atMs where there is nothing to undo. */
  readonly healedMs: number;
  /** It costs its workers their membership, so what they hold may run again. */
  readonly breaksMembers: boolean;
}

export interface Resources {
  readonly worker: string;
  readonly before: ResourceUse;
  readonly after: ResourceUse;
}

export interface ResourceUse {
  readonly heapBytes: number;
  readonly descriptors: number;
}

export const placeName = ({ topic, partition, offset }: Place): string => `${topic}/${partition}@${offset}`;
export const partitionName = ({ topic, partition }: Pick<Place, 'topic' | 'partition'>): string =>
  `${topic}/${partition}`;
