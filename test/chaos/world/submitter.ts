import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Codec } from '../../../schemas/codec.ts';
import { envelopeHeader, writeEnvelope } from '../../../schemas/envelope.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import type { Broker, OutboundRecord, Producer } from '../../../topics/ports.ts';
import type { Due, Submit } from '../check/evidence.ts';
import { chaosSchema, type Plan } from '../worker/chaos-pipeline.ts';

/** What one task is to be: its plan, or a record that somebody else spoilt. */
export interface TaskWish {
  readonly due: Due;
  readonly plan: Plan;
  readonly ms: number;
  /** undefined: by the task's number. */
  readonly key?: string | null;
  /** Takes the place of the payload. */
  readonly value?: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SubmitOptions {
  readonly count: number;
  /** Undefined: as fast as Kafka takes them. */
  readonly perSecond?: number;
  readonly wish: (n: number) => TaskWish;
  readonly signal?: AbortSignal;
}

const batchSize = 200;
const batchesInFlight = 4;

/** A client that writes down what it was answered. */
export class Submitter {
  readonly submits: Submit[] = [];
  readonly #producer: Producer;
  readonly #codec: Codec;
  readonly #topic: string;
  readonly #logFile: string;
  readonly #keys: number;
  #next = 0;

  private constructor(producer: Producer, codec: Codec, topic: string, logFile: string, keys: number) {
    this.#producer = producer;
    this.#codec = codec;
    this.#topic = topic;
    this.#logFile = logFile;
    this.#keys = keys;
  }

  static async open(broker: Broker, codec: Codec, topic: string, logFile: string, keys: number): Promise<Submitter> {
    await codec.register(`${topic}-value`, chaosSchema);
    return new Submitter(await broker.producer(), codec, topic, logFile, keys);
  }

  /** Resolves when every task has its answer. */
  async submit({ count, perSecond, wish, signal }: SubmitOptions): Promise<void> {
    const pending = new Set<Promise<void>>();
    const startMs = performance.now();
    for (let done = 0; done < count && !signal?.aborted; ) {
      const size = Math.min(perSecond === undefined ? batchSize : Math.ceil(perSecond / 20), count - done, batchSize);
      const sent = this.#send(
        Array.from({ length: size }, () => this.#next++),
        wish,
      ).finally(() => pending.delete(sent));
      pending.add(sent);
      done += size;
      if (perSecond === undefined && pending.size >= batchesInFlight) await Promise.race(pending);
      if (perSecond !== undefined) await sleep(Math.max(0, startMs + (done / perSecond) * 1000 - performance.now()));
    }
    await Promise.all(pending);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  async #send(numbers: readonly number[], wish: (n: number) => TaskWish): Promise<void> {
    const wishes = numbers.map((n) => ({ n, ...wish(n) }));
    let answer: Submit['answer'] = 'ok';
    try {
      await this.#producer.send(wishes.map((each) => this.#record(each.n, each)));
    } catch (thrown) {
      // Some of a call that failed may have been written.
      if (!(thrown instanceof PenstockError)) throw thrown;
      answer = 'indeterminate';
    }
    const answered = wishes.map(({ n, due }): Submit => ({ id: idOf(n), answer, due }));
    this.submits.push(...answered);
    appendFileSync(this.#logFile, answered.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  #record(n: number, { plan, ms, key, value, headers }: TaskWish): OutboundRecord {
    const payload =
      value === undefined ? this.#codec.encode(chaosSchema, `${this.#topic}-value`, { n, plan, ms }) : value;
    const recordKey = key === undefined ? `k${n % this.#keys}` : key;
    return {
      topic: this.#topic,
      key: recordKey,
      value: payload,
      headers: { ...headers, [envelopeHeader]: writeEnvelope({ id: idOf(n) }) },
    };
  }
}

export const idOf = (n: number): string => `t${n}`;
