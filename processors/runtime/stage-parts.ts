import type { Logger } from 'pino';
import type { GroupConsumer } from '../../topics/ports.ts';
import { CancelMemory } from '../control/cancel-memory.ts';
import { BatchExecutor } from './batch-executor.ts';
import { Committer } from './committer.ts';
import type { Completion } from './completion.ts';
import { CompletionWriter } from './completion-writer.ts';
import { DeadLetterWriter, type Death } from './dead-letter-writer.ts';
import { DurableSender } from './durable-sender.ts';
import { FlowGate } from './flow-gate.ts';
import { LaneScheduler } from './lanes.ts';
import { OutputEncoder } from './output-encoder.ts';
import { Ownership } from './ownership.ts';
import { Quarantine } from './quarantine.ts';
import { RetryHold } from './retry-hold.ts';
import { SingleExecutor } from './single-executor.ts';
import type { StageCounts } from './stage-counts.ts';
import { planStage, type StagePlan } from './stage-plan.ts';
import type { StageRunnerOptions } from './stage-runner-options.ts';
import { TaskEndings } from './task-endings.ts';
import type { TaskExecutor, TaskExecutorOptions } from './task-executor.ts';
import { TaskPump } from './task-pump.ts';
import type { TaskRun } from './task-run.ts';
import { slotsOf } from './task-slots.ts';

const defaultMaxTaskBytes = 1024 * 1024;
const defaultSessionTimeoutMs = 30_000;

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
  /** Ends that go to a retry topic. */
  readonly retries: CompletionWriter;
  readonly deadLetters: DeadLetterWriter;
  readonly hold: RetryHold;
  /** To its lane. */
  enter(run: TaskRun): void;
  readonly executor: TaskExecutor;
  readonly pump: TaskPump;
  readonly ownership: Ownership;
}

/** Puts an engine together; nothing here starts anything. */
export function buildStageParts(options: StageRunnerOptions, events: StageEvents): StageParts {
  const { pipeline, stage, broker, producer } = options;
  const plan = planStage(pipeline, stage);
  const log = options.logger.child({ pipeline: plan.pipeline, stage: stage.name });
  const session = options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs };
  const topics = [plan.topic, ...plan.retryTopics.map(({ topic }) => topic)];
  const consumer = broker.consumer({ groupId: plan.group, topics, ...session });
  const base = {
    plan,
    log,
    counts: { done: 0, failed: 0, retried: 0, expired: 0, cancelled: 0 },
    consumer,
    sender: new DurableSender(producer, log),
    scheduler: new LaneScheduler<TaskRun>(slotsOf(stage)),
    gate: new FlowGate(consumer, slotsOf(stage)),
    committer: new Committer(consumer, log),
  };
  const writers = buildWriters(options, base, events);
  return { ...base, ...writers, ...buildRunning(options, base, writers, events) };
}

type Base = Pick<StageParts, 'plan' | 'log' | 'counts' | 'sender' | 'scheduler' | 'gate' | 'committer'>;
type Running = Pick<StageParts, 'executor' | 'pump'>;
type Writers = Pick<StageParts, 'completions' | 'retries' | 'deadLetters'>;

/** Retries have a writer of their own, as dead letters do: a topic of theirs that is out of order holds back them alone. */
function buildWriters(options: StageRunnerOptions, base: Base, events: StageEvents): Writers {
  const { codec, workerName, codeVersion = '', now = Date.now } = options;
  const settings = { ...base, ...events, codec, workerName, codeVersion, now };
  return {
    completions: new CompletionWriter(settings),
    retries: new CompletionWriter(settings),
    deadLetters: new DeadLetterWriter({ ...base, ...events }),
  };
}

function buildRunning(options: StageRunnerOptions, base: Base, writers: Writers, events: StageEvents) {
  const { codec, now = Date.now, random = Math.random, maxTaskBytes = defaultMaxTaskBytes } = options;
  const { plan, log, scheduler, gate } = base;
  const quarantine = options.quarantine ?? new Quarantine();
  const ownership = buildOwnership(options, base, quarantine, () => ({ executor, pump }));
  const executorOptions: TaskExecutorOptions = {
    ...base,
    codec,
    environment: { log, blobs: options.blobs },
    encoder: new OutputEncoder(plan, codec, maxTaskBytes),
    maxTaskBytes,
    quarantine,
    ownership,
    cancels: options.cancels ?? new CancelMemory(),
    now,
    onFree: () => pump.pump(),
    onDefect: events.onDefect,
  };
  const makeEndings: MakeEndings = (wait) => new TaskEndings({ ...base, ...writers, now, random, wait });
  const hasRoom = () => writers.completions.hasRoom && !writers.completions.isSlow && writers.retries.hasRoom;
  const { executor, pump }: Running = buildExecutor(executorOptions, makeEndings, hasRoom);
  const enter = (run: TaskRun): void => {
    ownership.entered(run);
    if (!scheduler.add(run)) run.detach();
  };
  const hold = new RetryHold({
    topics: plan.retryTopics,
    now,
    hold: (share) => gate.hold(share),
    release: (share) => gate.release(share),
    admit: enter,
    onAdmitted: () => pump.pump(),
  });
  return { pump, executor, hold, ownership, enter };
}

function buildOwnership(
  { stage, sessionTimeoutMs = defaultSessionTimeoutMs }: StageRunnerOptions,
  { committer, log }: Base,
  quarantine: Quarantine,
  running: () => Running,
): Ownership {
  return new Ownership({
    ...{ stage, committer, log, quarantine, sessionTimeoutMs },
    pump: { hold: () => running().pump.hold(), release: () => running().pump.release() },
    admit: (run) => running().executor.goOn(run),
  });
}

type MakeEndings = (wait: (run: TaskRun, until: number) => void) => TaskEndings;

function buildExecutor(options: TaskExecutorOptions, makeEndings: MakeEndings, hasRoom: () => boolean): Running {
  const { scheduler, plan } = options;
  if (plan.stage.processBatch === undefined) {
    const executor = new SingleExecutor(options, plan.stage, makeEndings);
    return { executor, pump: new TaskPump({ scheduler, hasRoom, start: (run) => executor.start(run) }) };
  }
  const executor = new BatchExecutor(options, plan.stage, makeEndings);
  const pump = new TaskPump({
    scheduler,
    hasRoom: () => executor.hasRoom && hasRoom(),
    start: (run) => executor.start(run),
    ranDry: () => executor.ranDry(),
  });
  return { executor, pump };
}
