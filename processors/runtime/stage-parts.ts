import type { Logger } from 'pino';
import type { GroupConsumer } from '../../topics/ports.ts';
import { Committer } from './committer.ts';
import { type Completion, CompletionWriter } from './completion-writer.ts';
import { DeadLetterWriter, type Death } from './dead-letter-writer.ts';
import { DurableSender } from './durable-sender.ts';
import { FlowGate } from './flow-gate.ts';
import { LaneScheduler } from './lanes.ts';
import { OutputEncoder } from './output-encoder.ts';
import type { StageCounts } from './stage-counts.ts';
import { planStage, type StagePlan } from './stage-plan.ts';
import type { StageRunnerOptions } from './stage-runner-options.ts';
import { TaskEndings } from './task-endings.ts';
import { TaskExecutor } from './task-executor.ts';
import { TaskPump } from './task-pump.ts';
import type { TaskRun } from './task-run.ts';

const defaultMaxTaskBytes = 1024 * 1024;

/** What the parts tell the engine. */
export interface StageEvents {
  onDurable(completions: readonly Completion[]): void;
  onRefused(completion: Completion, thrown: unknown): void;
  onBuried(death: Death): void;
  onDefect(thrown: unknown): void;
}

export interface StageParts {
  readonly plan: StagePlan;
  readonly log: Logger;
  readonly counts: StageCounts;
  readonly consumer: GroupConsumer;
  readonly sender: DurableSender;
  readonly scheduler: LaneScheduler<TaskRun>;
  readonly gate: FlowGate;
  readonly committer: Committer;
  readonly completions: CompletionWriter;
  readonly deadLetters: DeadLetterWriter;
  readonly executor: TaskExecutor;
  readonly pump: TaskPump;
}

/** Puts an engine together; nothing here starts anything. */
export function buildStageParts(options: StageRunnerOptions, events: StageEvents): StageParts {
  const { pipeline, stage, broker, producer } = options;
  const plan = planStage(pipeline, stage);
  const log = options.logger.child({ pipeline: plan.pipeline, stage: stage.name });
  const session = options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs };
  const consumer = broker.consumer({ groupId: plan.group, topics: [plan.topic], ...session });
  const base = {
    plan,
    log,
    counts: { done: 0, failed: 0, retried: 0, expired: 0 },
    consumer,
    sender: new DurableSender(producer, log),
    scheduler: new LaneScheduler<TaskRun>(stage.concurrency),
    gate: new FlowGate(consumer, stage.concurrency),
    committer: new Committer(consumer, log),
  };
  const writers = buildWriters(options, base, events);
  return { ...base, ...writers, ...buildRunning(options, base, writers, events) };
}

type Base = Pick<StageParts, 'plan' | 'log' | 'counts' | 'sender' | 'scheduler'>;
type Writers = Pick<StageParts, 'completions' | 'deadLetters'>;

function buildWriters(options: StageRunnerOptions, base: Base, events: StageEvents): Writers {
  const { codec, workerName, codeVersion = '' } = options;
  return {
    completions: new CompletionWriter({ ...base, ...events, codec, workerName, codeVersion }),
    deadLetters: new DeadLetterWriter({ ...base, ...events }),
  };
}

function buildRunning(options: StageRunnerOptions, base: Base, writers: Writers, events: StageEvents) {
  const { codec, now = Date.now, random = Math.random, maxTaskBytes = defaultMaxTaskBytes } = options;
  const { plan, log, scheduler } = base;
  const pump: TaskPump = new TaskPump({
    scheduler,
    hasRoom: () => writers.completions.hasRoom,
    start: (run) => executor.start(run),
  });
  const executor: TaskExecutor = new TaskExecutor(
    {
      ...base,
      codec,
      environment: { log, blobs: options.blobs },
      encoder: new OutputEncoder(plan, codec, maxTaskBytes),
      maxTaskBytes,
      now,
      onFree: () => pump.pump(),
      onDefect: events.onDefect,
    },
    (wait) => new TaskEndings({ ...base, ...writers, now, random, wait }),
  );
  return { pump, executor };
}
