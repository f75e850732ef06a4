import { pino } from 'pino';
import { definePipeline } from '../../../../processors/pipeline.ts';
import {
  defineStage,
  type Output,
  type Outputs,
  reject,
  requeue,
  type StageContext,
  type Task,
} from '../../../../processors/stage.ts';
import { startWorker, type Worker } from '../../../../processors/worker.ts';
import type { Codec } from '../../../../schemas/codec.ts';
import { MemoryConsumer } from '../../../../topics/memory/memory-consumer.ts';
import type { Broker, ConsumerOptions, GroupConsumer, GroupListener, Producer } from '../../../../topics/ports.ts';
import type { CommitAudit } from './commit-audit.ts';
import type { Ledger, Run, Session } from './ledger.ts';
import { noBlobs, payloadOf } from './payload.ts';
import type { Scenario, TaskPlan } from './scenario.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a worker finds around it. */
export interface Surroundings {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly broker: Broker;
  readonly codec: Codec;
  readonly ledger: Ledger;
  readonly audit: CommitAudit;
  /** Of tasks that must not begin earlier; epoch ms. */
  readonly notBefore: ReadonlyMap<string, number>;
  latency(): Promise<void>;
  /** Counts an execution of the task, wherever. */
  executed(plan: TaskPlan): number;
  noteCommitted(group: string): void;
}

/** A process: one real worker, the network between it and the broker, and the ways it may die. */
export class SimWorker {
  readonly name: string;
  readonly #world: Surroundings;
  readonly #members: { consumer: MemoryConsumer; session: Session }[] = [];
  #worker: Worker | undefined;
  #dead = false;
  frozen = false;

  constructor(world: Surroundings, name: string) {
    this.#world = world;
    this.name = name;
  }

  get started(): boolean {
    return this.#worker !== undefined && !this.#dead;
  }

  async start(): Promise<void> {
    const { scenario, codec } = this.#world;
    const { ordering, concurrency, timeoutMs, partitions, attempts, delayed, commitIntervalMs, drainMs } = scenario;
    const common = { input: payloadOf, ordering, concurrency, timeoutMs, partitions };
    const retry = { attempts, firstDelayMs: 10, maxDelayMs: 100, delayed };
    const process = (task: Task<{ n: string }>, ctx: StageContext) => this.#process(task, ctx);
    const stages = ['work', 'next'].map((name) => defineStage({ ...common, name, retry, process }));
    const worker = await startWorker({
      pipelines: [definePipeline({ name: 'p', stages })],
      ...{ broker: this.#broker(), codec, blobs: noBlobs, logger: pino({ level: 'silent' }) },
      ...{ workerName: this.name, commitIntervalMs, drainMs },
    });
    void worker.failed.then(() => this.stop());
    this.#worker = worker;
  }

  kill(): void {
    this.#dead = true;
    for (const { consumer, session } of this.#members) {
      session.cut();
      consumer.kill();
    }
  }

  freeze(): void {
    this.frozen = true;
    for (const { consumer, session } of this.#members) {
      session.cut();
      consumer.freeze();
    }
  }

  thaw(): void {
    this.frozen = false;
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

  #process(task: Task<{ n: string }>, ctx: StageContext): Promise<Outputs> | Outputs {
    const session = this.#members.find((member) => member.session.topic === `p.${task.stage}`)?.session;
    if (this.#dead || session === undefined) return forever();
    const { ledger, scenario } = this.#world;
    const plan = scenario.planOf(task.payload.n);
    const run = ledger.start(session, task, this.#world.notBefore.get(task.payload.n));
    ctx.signal.addEventListener('abort', () => ledger.end(session, run));
    const failing = this.#world.executed(plan) <= plan.failures;
    if (plan.runMs > 0 || (plan.manner === 'hangs' && failing)) return this.#work(plan, failing, session, run, ctx);
    ledger.end(session, run);
    return outcome(plan, failing);
  }

  async #work(plan: TaskPlan, failing: boolean, session: Session, run: Run, ctx: StageContext): Promise<Outputs> {
    const { clock, ledger } = this.#world;
    if (plan.manner === 'hangs' && failing) return forever();
    const aborted = new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
    await Promise.race([clock.sleep(plan.runMs), plan.obeys ? aborted : forever()]);
    if (plan.obeys) ctx.signal.throwIfAborted();
    ledger.end(session, run);
    return outcome(plan, failing);
  }
}

function outcome(plan: TaskPlan, failing: boolean): Outputs {
  if (plan.manner === 'rejects') throw reject('never');
  if (plan.manner === 'requeues' && failing) throw requeue('not now', { afterMs: plan.failures * 20 });
  if (plan.manner === 'throws' || (plan.manner === 'flaky' && failing)) throw new Error('now and then');
  const outputs = plan.outputs.map((n): Output => ({ stage: 'next', payload: { n } }));
  if (plan.form === 'none') return undefined;
  if (plan.form === 'one') return outputs[0];
  return plan.form === 'list' ? outputs : stream(outputs);
}

async function* stream(outputs: readonly Output[]): AsyncGenerator<Output> {
  for (const output of outputs) {
    await Promise.resolve();
    yield output;
  }
}

function forever<T>(): Promise<T> {
  return new Promise(() => undefined);
}
