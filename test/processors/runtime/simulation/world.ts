import type { Codec } from '../../../../schemas/codec.ts';
import { PenstockError } from '../../../../schemas/errors.ts';
import { topicsOf } from '../../../../topics/catalogue.ts';
import { cancelRecord } from '../../../../topics/control/cancel-order.ts';
import { createMemoryBroker, type MemoryBroker } from '../../../../topics/memory/memory-broker.ts';
import type { Producer } from '../../../../topics/ports.ts';
import { jsonCodec } from '../json-codec.ts';
import { CommitAudit } from './commit-audit.ts';
import { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { mostSpoilt, type Scenario, type Submission, type TaskPlan } from './scenario.ts';
import { SimWorker } from './sim-worker.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const groups = ['p.work', 'p.next'] as const;

/** What the members of a group read. */
export function topicsOfGroup(group: string, { delayed }: Scenario): readonly string[] {
  return [group, ...delayed.map((delay) => `${group}.retry.${delay}`)];
}

/** Broker, workers, and those who watch them. */
export class World {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly ledger: Ledger;
  readonly audit: CommitAudit;
  readonly workers: SimWorker[] = [];
  readonly notBefore = new Map<string, number>();
  /** When the order for a task was given. */
  readonly cancelled = new Map<string, number>();
  readonly codec: Codec;
  registryAway = false;
  readonly #network: Random;
  readonly #executions = new Map<string, number>();
  readonly #spoilt = new Map<string, number>();

  constructor(scenario: Scenario, clock: VirtualClock) {
    this.scenario = scenario;
    this.clock = clock;
    this.#network = scenario.random.fork();
    this.broker = createMemoryBroker({
      later: (run) => void clock.after(this.#network.chance(0.5) ? 0 : this.#network.between(0, 4), run),
      now: () => clock.now,
    });
    this.ledger = new Ledger(scenario, () => clock.now);
    this.audit = new CommitAudit(this.ledger.taskAt, (n) => scenario.planOf(n).outputs);
    this.codec = this.#codec();
  }

  async open(): Promise<void> {
    const { partitions, submissions, delayed } = this.scenario;
    const admin = await this.broker.admin();
    const stages = ['work', 'next'].map((name) => ({ name, partitions, retry: { delayed } }));
    await admin.createTopics(topicsOf([{ name: 'p', stages }]));
    const producer = await this.broker.producer();
    for (const submission of submissions) {
      const { afterMs, cancelledAfterMs, plan } = submission;
      this.clock.after(afterMs, () => void producer.send([this.#record(submission)]));
      if (cancelledAfterMs !== undefined) this.clock.after(cancelledAfterMs, () => void this.#cancel(producer, plan.n));
    }
  }

  async startWorker(): Promise<void> {
    const worker = new SimWorker(this, `w${this.workers.length}`);
    this.workers.push(worker);
    await worker.start();
  }

  latency(): Promise<void> {
    const delayMs = this.#network.chance(0.1) ? this.#network.between(10, 60) : this.#network.between(0, 3);
    return this.clock.sleep(delayMs);
  }

  /** Counts an execution of the task, wherever. */
  executed(plan: TaskPlan): number {
    const count = (this.#executions.get(plan.n) ?? 0) + 1;
    this.#executions.set(plan.n, count);
    return count;
  }

  /** Whether a batch may fail as a whole: only while each of its tasks has attempts left for that. */
  maySpoil(plans: readonly TaskPlan[]): boolean {
    const counts = plans.map(({ n }) => this.#spoilt.get(n) ?? 0);
    if (counts.some((count) => count >= mostSpoilt)) return false;
    for (const [index, { n }] of plans.entries()) this.#spoilt.set(n, (counts[index] ?? 0) + 1);
    return true;
  }

  /** Reads at once what the group holds; the note is taken when the promises run. */
  noteCommitted(group: string): void {
    void this.broker.admin().then(async (admin) => {
      for (const topic of topicsOfGroup(group, this.scenario)) {
        for (const { partition, committed } of await admin.groupOffsets(group, topic)) {
          this.audit.stands({ topic, partition }, committed);
        }
      }
    });
  }

  async #cancel(producer: Producer, n: string): Promise<void> {
    this.cancelled.set(n, this.clock.now);
    const order = { taskIds: [`t${n}`], at: this.clock.now, pipeline: '', tenant: '', by: '' };
    await producer.send([cancelRecord(jsonCodec(), order)]);
  }

  #record({ plan, partition, key, notBeforeMs, cancelledAfterMs }: Submission) {
    const { n, flaw } = plan;
    const notBefore = notBeforeMs === undefined ? undefined : this.clock.now + notBeforeMs;
    if (notBefore !== undefined) this.notBefore.set(n, notBefore);
    const expiresAt = flaw === 'expired' ? this.clock.now - 1 : undefined;
    const value = {
      none: JSON.stringify({ n }),
      expired: JSON.stringify({ n }),
      'not-json': `{${n}`,
      'no-value': null,
    }[flaw];
    const header = JSON.stringify({ id: `t${n}`, notBefore, expiresAt });
    const isPlain = flaw === 'none' && notBefore === undefined && cancelledAfterMs === undefined;
    return {
      ...{ topic: 'p.work', partition, key, value: value === null ? null : Buffer.from(value) },
      headers: isPlain ? {} : { penstock: header },
    };
  }

  #codec(): Codec {
    const codec = jsonCodec();
    return {
      register: (subject, schema) => codec.register(subject, schema),
      encode: (schema, subject, value) => codec.encode(schema, subject, value),
      decode: (schema, value) => {
        if (!this.registryAway) return codec.decode(schema, value);
        return Promise.reject(new PenstockError('PIPE_REGISTRY_UNAVAILABLE', 'the registry is away'));
      },
    };
  }
}
