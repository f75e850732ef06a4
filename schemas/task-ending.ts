/** How a task can end; what it is called in the history, over HTTP and on the done topic. */
export const endStates = ['succeeded', 'dead', 'cancelled', 'expired'] as const;
export type EndState = (typeof endStates)[number];

/** A claim check on bytes in the blob store. */
export interface ResultBlob {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly contentType: string;
}

/** The end of one task: the `data` of a record of `<pipeline>.done`. Times are ISO 8601, UTC. */
export interface TaskEnding {
  readonly id: string;
  readonly pipeline: string;
  /** Stage that it ended at. */
  readonly stage: string;
  readonly state: EndState;
  readonly submittedAt: string;
  readonly finishedAt: string;
  /** Number of its last attempt at that stage; 0: it never ran there. */
  readonly attempts: number;
  readonly tenant?: string;
  /** Id of the task that fanned out into this one. */
  readonly parent?: string;
  /** Id of its first ancestor; itself where it has none. */
  readonly root: string;
  /** Tasks that it fanned out into; absent: none. */
  readonly children?: number;
  /** What its last stage gave as the result. */
  readonly result?: unknown;
  readonly blob?: ResultBlob;
  readonly error?: { readonly code: string; readonly message: string };
}

export const cloudEventsType = 'application/cloudevents+json';

/** CloudEvents 1.0 in structured mode: one header, whatever the event holds. `place` names the event in its source. */
export function writeTaskEnding(ending: TaskEnding, place: string): Buffer {
  const { id, pipeline, state, finishedAt } = ending;
  const event = {
    specversion: '1.0',
    id: place,
    source: `/penstock/${pipeline}`,
    type: `penstock.task.${state}`,
    subject: id,
    time: finishedAt,
    datacontenttype: 'application/json',
    data: ending,
  };
  return Buffer.from(JSON.stringify(event));
}

/** undefined: no record of ours; the topic is open to anybody who may write to Kafka. */
export function readTaskEnding(value: Buffer | null): TaskEnding | undefined {
  if (value === null) return undefined;
  try {
    const event: unknown = JSON.parse(value.toString());
    const data = isObject(event) ? event.data : undefined;
    return isTaskEnding(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function isTaskEnding(data: unknown): data is TaskEnding {
  if (!isObject(data)) return false;
  const texts = [data.id, data.pipeline, data.stage, data.submittedAt, data.finishedAt, data.root];
  if (!texts.every((text) => typeof text === 'string') || typeof data.attempts !== 'number') return false;
  return endStates.some((state) => state === data.state) && isCount(data.children) && isBlob(data.blob);
}

const isCount = (value: unknown): boolean => value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);

const isBlob = (value: unknown): boolean => value === undefined || isResultBlob(value);

export function isResultBlob(value: unknown): value is ResultBlob {
  if (!isObject(value)) return false;
  const { key, sizeBytes, sha256, contentType } = value;
  return [key, sha256, contentType].every((text) => typeof text === 'string') && Number.isSafeInteger(sizeBytes);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
