import { decodeFinished } from '../../../processors/runtime/finished-offsets.ts';
import type { Attempt, AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../../topics/names.ts';
import type { Broker, GroupConsumer, OutboundRecord, Producer } from '../../../topics/ports.ts';

/** Watches what a worker says to Kafka, and keeps every commit that covers an offset whose end was not durable yet. */
export class CommitAudit {
  /** `partition/offset` of each topic with a terminal row that Kafka acknowledged, or a row and a record that goes on. */
  readonly #ended = new Map<string, Set<string>>();
  /** `id/attempt` of each acknowledged record that brings a task back to its stage, `id/requeued` of a requeue. */
  readonly #returning = new Set<string>();
  readonly violations: string[] = [];
  commits = 0;

  watch(broker: Broker): Broker {
    return {
      ...broker,
      producer: async (options) => this.#producer(await broker.producer(options)),
      consumer: (options) => this.#consumer(broker.consumer(options)),
    };
  }

  #producer(producer: Producer): Producer {
    return {
      send: async (records) => {
        const places = await producer.send(records);
        for (const record of records) this.#noteReturning(record);
        for (const record of records) this.#note(record);
        return places;
      },
      close: () => producer.close(),
    };
  }

  #noteReturning({ headers }: OutboundRecord): void {
    if (headers?.penstock === undefined) return;
    const { id, attempt, notBefore, requeued } = JSON.parse(String(headers.penstock));
    if (notBefore === undefined) return;
    this.#returning.add(requeued === undefined ? `${id}/${attempt ?? 1}` : `${id}/requeued`);
  }

  #note(record: OutboundRecord): void {
    if (record.topic !== attemptsTopic || record.value === null) return;
    const batch: AttemptBatch = JSON.parse(record.value.toString());
    const ended = this.#ended.get(batch.topic) ?? new Set();
    this.#ended.set(batch.topic, ended);
    for (const row of batch.attempts) {
      if (this.#isEnded(row)) ended.add(`${row.partition}/${row.offset}`);
    }
  }

  #isEnded({ outcome, nextStage, taskId, attempt, errorCode }: Attempt): boolean {
    if (outcome === 'running') return false;
    if (outcome === 'skipped') return this.#returning.has(`${taskId}/${attempt}`);
    if (outcome !== 'retry') return true;
    if (nextStage === '') return false;
    return this.#returning.has(errorCode === 'PIPE_STAGE_REQUEUED' ? `${taskId}/requeued` : `${taskId}/${attempt + 1}`);
  }

  #consumer(consumer: GroupConsumer): GroupConsumer {
    return {
      start: (listener) => consumer.start(listener),
      pause: (partitions) => consumer.pause(partitions),
      resume: (partitions) => consumer.resume(partitions),
      stop: () => consumer.stop(),
      commit: (offsets) => {
        for (const each of offsets) this.#check(each.topic, each.partition, each.offset, each.metadata);
        return consumer.commit(offsets);
      },
    };
  }

  #check(topic: string, partition: number, position: number, metadata: string): void {
    this.commits++;
    const ended = this.#ended.get(topic);
    const covered = [{ start: -position, end: 0 }, ...decodeFinished(metadata)];
    for (const run of covered) {
      for (let offset = position + run.start; offset < position + run.end; offset++) {
        if (!ended?.has(`${partition}/${offset}`)) this.violations.push(`${topic}/${partition}@${offset}`);
      }
    }
  }
}
