import { stageGroup, stageTopic } from '../../topics/names.ts';
import type { Admin, Broker } from '../../topics/ports.ts';
import { withDeadline } from '../intake/deadline.ts';
import { lazy } from '../intake/lazy.ts';

export interface PartitionLag {
  readonly partition: number;
  readonly committed: number;
  readonly endOffset: number;
  readonly lag: number;
}

export interface LiveLagOptions {
  readonly broker: Pick<Broker, 'admin'>;
  /** How long an answer serves all who ask. Default 1 000. */
  readonly freshForMs?: number;
}

const deadlineMs = 3_000;

/** The lag as Kafka has it at this moment, whether workers run or not; one question at a time a stage. */
export class LiveLag {
  readonly #options: LiveLagOptions;
  readonly #admin;
  readonly #known = new Map<string, { readonly atMs: number; readonly answer: Promise<readonly PartitionLag[]> }>();

  constructor(options: LiveLagOptions) {
    this.#options = options;
    this.#admin = lazy(() => options.broker.admin());
  }

  /** Of the stage's own topic. Rejects with PIPE_BROKER_UNAVAILABLE, PIPE_TOPIC_UNKNOWN. */
  of(pipeline: string, stage: string): Promise<readonly PartitionLag[]> {
    const topic = stageTopic(pipeline, stage);
    const known = this.#known.get(topic);
    if (known && performance.now() - known.atMs < (this.#options.freshForMs ?? 1_000)) return known.answer;
    const asked = this.#admin.get().then((admin) => lagOf(admin, stageGroup(pipeline, stage), topic));
    const answer = withDeadline(asked, deadlineMs, 'PIPE_BROKER_UNAVAILABLE');
    this.#known.set(topic, { atMs: performance.now(), answer });
    answer.catch(() => this.#known.delete(topic));
    return answer;
  }

  async close(): Promise<void> {
    await this.#admin.close((open) => open.close());
  }
}

async function lagOf(admin: Admin, group: string, topic: string): Promise<readonly PartitionLag[]> {
  const [ends, commits] = await Promise.all([admin.offsets(topic), admin.groupOffsets(group, topic)]);
  return ends.map(({ partition, earliest, latest }) => {
    const stored = commits.find((each) => each.partition === partition)?.committed?.offset ?? earliest;
    const committed = Math.max(stored, earliest);
    return { partition, committed, endOffset: latest, lag: Math.max(0, latest - committed) };
  });
}
