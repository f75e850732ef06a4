import { decodeFinished } from '../../../../processors/runtime/finished-offsets.ts';
import { deadLetterHeader } from '../../../../schemas/envelope.ts';
import type { AttemptBatch } from '../../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../../../topics/names.ts';
import type { CommittedOffset, OutboundRecord, TopicPartition } from '../../../../topics/ports.ts';

/** What a worker has been told is written; a commit may rest on nothing else. */
export class CommitAudit {
  readonly violations: string[] = [];
  commits = 0;
  readonly #taskAt: ReadonlyMap<string, string>;
  readonly #outputsOf: (n: string) => readonly string[];
  readonly #ended = new Map<string, string>();
  readonly #buried = new Set<string>();
  readonly #handedOn = new Set<string>();
  /** Records that bring a task back to its stage, by task id, less the rows that rest on them. */
  readonly #returning = new Map<string, number>();
  readonly #sound = new Map<string, number>();
  readonly #committed = new Map<string, number>();

  constructor(taskAt: ReadonlyMap<string, string>, outputsOf: (n: string) => readonly string[]) {
    this.#taskAt = taskAt;
    this.#outputsOf = outputsOf;
  }

  acknowledged(records: readonly OutboundRecord[]): void {
    for (const { headers } of records) this.#noteReturning(JSON.parse(String(headers?.penstock ?? '{}')));
    for (const { topic, value, headers } of records) {
      if (topic === attemptsTopic) this.#rows(String(value));
      else if (topic.endsWith('.dlq')) this.#buried.add(placeOf(JSON.parse(String(headers?.[deadLetterHeader]))));
      else this.#handedOn.add(JSON.parse(String(value)).n);
    }
  }

  /** Before the commit goes out. */
  asked(place: TopicPartition & CommittedOffset): void {
    this.commits++;
    const key = `${place.topic}/${place.partition}`;
    const sound = this.#sound.get(key) ?? 0;
    this.#cover(key, sound, place.offset);
    this.#sound.set(key, Math.max(sound, place.offset));
    for (const run of decodeFinished(place.metadata)) {
      this.#cover(key, place.offset + run.start, place.offset + run.end);
    }
  }

  /** What the group holds after a commit. */
  stands(place: TopicPartition, committed: CommittedOffset | null): void {
    const key = `${place.topic}/${place.partition}`;
    const before = this.#committed.get(key) ?? 0;
    const now = committed?.offset ?? 0;
    if (now < before) this.violations.push(`the commit of ${key} went back from ${before} to ${now}`);
    this.#committed.set(key, now);
  }

  #rows(value: string): void {
    const batch: AttemptBatch = JSON.parse(value);
    for (const { outcome, nextStage, partition, offset, taskId } of batch.attempts) {
      if (outcome === 'running' || (outcome === 'retry' && nextStage === '')) continue;
      this.#ended.set(placeOf({ topic: batch.topic, partition, offset }), outcome);
      if (outcome !== 'retry') continue;
      const left = (this.#returning.get(taskId) ?? 0) - 1;
      if (left < 0) this.violations.push(`${taskId} was said to come back, and no record brings it`);
      this.#returning.set(taskId, left);
    }
  }

  #noteReturning({ id, notBefore }: { readonly id?: string; readonly notBefore?: number }): void {
    if (id !== undefined && notBefore !== undefined) this.#returning.set(id, (this.#returning.get(id) ?? 0) + 1);
  }

  #cover(key: string, from: number, to: number): void {
    for (let offset = from; offset < to; offset++) {
      const missing = this.#missing(`${key}@${offset}`);
      if (missing !== undefined) this.violations.push(`${key}@${offset} was committed ${missing}`);
    }
  }

  #missing(place: string): string | undefined {
    const outcome = this.#ended.get(place);
    if (outcome === undefined) return 'without a terminal row';
    if (outcome === 'dead') return this.#buried.has(place) ? undefined : 'without its dead letter';
    if (outcome !== 'ok') return undefined;
    const lacking = this.#outputsOf(this.#taskAt.get(place) ?? '').find((output) => !this.#handedOn.has(output));
    return lacking === undefined ? undefined : `without its output ${lacking}`;
  }
}

function placeOf({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}/${partition}@${offset}`;
}
