import { pino } from 'pino';
import { definePipeline } from '../../../../processors/pipeline.ts';
import {
  defineStage,
  type Outputs,
  type Stage,
  type StageContext,
  type Task,
  type TaskResult,
} from '../../../../processors/stage.ts';
import { startWorker, type Worker } from '../../../../processors/worker.ts';
import type { Codec } from '../../../../schemas/codec.ts';
import { MemoryConsumer } from '../../../../topics/memory/memory-consumer.ts';
import type { Broker, ConsumerOptions, GroupConsumer, GroupListener, Producer } from '../../../../topics/ports.ts';
import type { CommitAudit } from './commit-audit.ts';
import { forever, playBatch, playTask, type Stagehands } from './handlers.ts';
import type { Session } from './ledger.ts';
import { noBlobs, type Payload, payloadOf } from './payload.ts';

/** What a worker finds around it. */
export interface Surroundings extends Stagehands {
  readonly broker: Broker;
  readonly codec: Codec;
  readonly audit: CommitAudit;
  latency(): Promise<void>;
  noteCommitted(group: string): void;
}

/** A process: one real worker, the network between it and the broker, and the ways it may die. */
export class SimWorker {
  readonly name: string;
  readonly #world: Surroundings;
  /** Of topics that are no stage's. */
  readonly #readers: MemoryConsumer[] = [];
  readonly #members: { consumer: MemoryConsumer; session: Session }[] = [];
  #worker: Worker | undefined;
  #dead = false;
  frozen = false;
  wasFrozen = false;

  constructor(world: Surroundings, name: string) {
    this.#world = world;
    this.name = name;
  }

  get started(): boolean {
    return this.#worker !== undefined && !this.#dead;
  }

  async start(): Promise<void> {
    const { scenario, codec } = this.#world;
    const { commitIntervalMs, drainMs } = scenario;
    const stages = ['work', 'next'].map((name) => this.#stage(name));
    const worker = await startWorker({
      pipelines: [definePipeline({ name: 'p', stages })],
      ...{ broker: this.#broker(), codec, blobs: noBlobs, logger: pino({ level: 'silent' }) },
      ...{ workerName: this.name, commitIntervalMs, drainMs },
    });
    void worker.failed.then(() => this.stop());
    this.#worker = worker;
  }

  #stage(name: string): Stage<Payload> {
    const { ordering, concurrency, batch, timeoutMs, partitions, attempts, delayed } = this.#world.scenario;
    const retry = { attempts, firstDelayMs: 10, maxDelayMs: 100, delayed };
    const common = { name, input: payloadOf, ordering, concurrency, timeoutMs, partitions, retry };
    if (batch === undefined) return defineStage({ ...common, process: (task, ctx) => this.#process(task, ctx) });
    return defineStage({ ...common, batch, processBatch: (tasks, ctx) => this.#processBatch(tasks, ctx) });
  }

  kill(): void {
    this.#dead = true;
    for (const reader of this.#readers) reader.kill();
    for (const { consumer, session } of this.#members) {
      session.cut();
      consumer.kill();
    }
  }

  freeze(): void {
    this.frozen = true;
    this.wasFrozen = true;
    for (const reader of this.#readers) reader.freeze();
    for (const { consumer, session } of this.#members) {
      session.cut();
      consumer.freeze();
    }
  }

  thaw(): void {
    this.frozen = false;
    for (const reader of this.#readers) reader.thaw();
    for (const { consumer } of this.#members) consumer.thaw();
  }

  /** One consumer gives up; the process ends as its supervisor would have it. */
  crash(error: Error): void {
    const [member] = this.#members;
    member?.session.cut();
    member?.consumer.crash(error);
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    for (const { session } of this.#members) session.cut();
    this.#dead = true;
  }

  #broker(): Broker {
    const { broker } = this.#world;
    return {
      producer: async () => this.#producer(await broker.producer()),
      consumer: (options) => this.#consumer(options, broker.consumer(options)),
      admin: () => broker.admin(),
    };
  }

  #producer(producer: Producer): Producer {
    return {
      send: async (records) => {
        if (this.#dead) return forever();
        const places = await this.#answer(producer.send(records));
        this.#world.audit.acknowledged(records);
        return places;
      },
      close: () => producer.close(),
    };
  }

  /** What the broker says arrives later, or never. */
  async #answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } finally {
      await this.#world.latency();
      if (this.#dead) await forever();
    }
  }

  #consumer(options: ConsumerOptions, consumer: GroupConsumer): GroupConsumer {
    if (!(consumer instanceof MemoryConsumer)) throw new Error('the simulation runs on the memory twin');
    if (options.begin !== undefined) {
      this.#readers.push(consumer);
      return consumer;
    }
    const { audit, ledger } = this.#world;
    const session = ledger.open(this.name, options.topics[0] ?? '');
    this.#members.push({ consumer, session });
    return {
      start: (listener) => consumer.start(this.#listener(listener, session)),
      pause: (partitions) => consumer.pause(partitions),
      resume: (partitions) => consumer.resume(partitions),
      stop: () => {
        session.cut();
        return consumer.stop();
      },
      commit: (offsets) => {
        if (this.#dead) return forever();
        for (const each of offsets) audit.asked(each);
        const asked = consumer.commit(offsets);
        this.#world.noteCommitted(options.groupId);
        return this.#answer(asked);
      },
    };
  }

  #listener(listener: GroupListener, session: Session): GroupListener {
    return {
      assigned: (partitions) => {
        session.assigned(partitions);
        listener.assigned(partitions);
      },
      rebalancing: () => listener.rebalancing(),
      records: (batch) => {
        session.read(batch);
        listener.records(batch);
      },
      failed: (error) => listener.failed(error),
    };
  }

  /** Undefined: this process does nothing any more. */
  #sessionOf(stage: string | undefined): Session | undefined {
    if (this.#dead) return undefined;
    return this.#members.find((member) => member.session.topic === `p.${stage}`)?.session;
  }

  #process(task: Task<Payload>, ctx: StageContext): Promise<Outputs> | Outputs {
    const session = this.#sessionOf(task.stage);
    return session === undefined ? forever() : playTask(this.#world, session, task, ctx);
  }

  #processBatch(tasks: readonly Task<Payload>[], ctx: StageContext): Promise<TaskResult[]> | TaskResult[] {
    const session = this.#sessionOf(tasks[0]?.stage);
    return session === undefined ? forever() : playBatch(this.#world, session, tasks, ctx);
  }
}
