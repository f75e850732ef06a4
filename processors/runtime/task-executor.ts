import type { Codec } from '../../schemas/codec.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { CancelMemory } from '../control/cancel-memory.ts';
import { DelayQueue } from './delay-queue.ts';
import type { DurableSender } from './durable-sender.ts';
import type { LaneScheduler } from './lanes.ts';
import { openEnvelope } from './open-envelope.ts';
import type { HandedOn, OutputEncoder } from './output-encoder.ts';
import { isStream, type OutputStream, streamOutputs } from './output-stream.ts';
import type { Ownership } from './ownership.ts';
import type { Quarantine } from './quarantine.ts';
import { classifyFailure, maxHoldMs } from './retry-decision.ts';
import { RunningList } from './running-list.ts';
import { RunningWatch } from './running-watch.ts';
import type { StagePlan } from './stage-plan.ts';
import type { StageEnvironment } from './task-context.ts';
import type { TaskEndings } from './task-endings.ts';
import type { Execution, PartitionShare, TaskRun } from './task-run.ts';

export interface TaskExecutorOptions {
  readonly plan: StagePlan;
  readonly codec: Codec;
  readonly environment: StageEnvironment;
  readonly scheduler: LaneScheduler<TaskRun>;
  readonly encoder: OutputEncoder;
  readonly sender: DurableSender;
  readonly maxTaskBytes: number;
  readonly quarantine: Quarantine;
  readonly ownership: Ownership;
  readonly cancels: CancelMemory;
  now(): number;
  /** A slot or a lane became free, or a task can go on. */
  onFree(): void;
  /** A defect of ours: it must end the worker, not vanish in a callback. */
  onDefect(thrown: unknown): void;
}

/** How long a task waits for the registry before it asks again. */
const registryRetryMs = 1_000;

/**
 * Brings tasks that hold a slot to their handler, and what comes of it to its end. What runs stands in the running list
 * until it answers, times out, or its partition is lost: whichever is first takes the execution off the list, and what
 * comes later finds it gone.
 */
export abstract class TaskExecutor {
  readonly running: RunningList;
  readonly watch: RunningWatch;
  readonly #delays: DelayQueue<TaskRun>;
  readonly #options: TaskExecutorOptions;
  readonly #endings: TaskEndings;
  /** Began to run in this turn of the event loop. */
  #young: TaskRun[] = [];

  constructor(options: TaskExecutorOptions, makeEndings: (wait: (run: TaskRun, until: number) => void) => TaskEndings) {
    this.#options = options;
    this.running = new RunningList(options.plan.stage.timeoutMs, options.now, (each) => this.#timedOut(each));
    this.#delays = new DelayQueue(options.now, (run) => this.goOn(run));
    this.#endings = makeEndings((run, until) => this.#wait(run, until));
    const { cancels, plan, now } = options;
    const { running } = this;
    this.watch = new RunningWatch({ running, endings: this.#endings, cancels, pipeline: plan.pipeline, now });
  }

  start(run: TaskRun): void {
    if (this.keptBack(run)) return;
    const now = this.#options.now();
    const envelope = openEnvelope(run);
    if (this.watch.isCancelled(envelope)) {
      this.cancelled(run, envelope, now);
      return;
    }
    if (run.standing === 'culprit') {
      this.#endings.dead(run, envelope, classifyFailure(endsWorker()), now, now);
      return;
    }
    const { expiresAt, notBefore } = envelope;
    if (expiresAt !== undefined && expiresAt <= now) this.#endings.expired(run, envelope, now);
    else if (notBefore !== undefined && notBefore > now) this.#postpone(run, envelope, notBefore, now);
    else if (run.bytes > this.#options.maxTaskBytes) this.#endings.failed(run, envelope, this.#tooLarge(run), now);
    else this.#decode(run, envelope, now);
  }

  /** The partition is somebody else's now: handlers are told, their results count for nothing. */
  abandon(share: PartitionShare): void {
    const lost = new PenstockError('PIPE_STAGE_PARTITION_LOST', 'the partition went to another worker');
    for (const execution of this.running.all()) {
      if (execution.run.share !== share) continue;
      this.running.remove(execution);
      this.#options.scheduler.finish(execution.run);
      execution.context.abandon(lost);
    }
  }

  /** Handlers are told to stop; one that still returns counts, one that throws is no failure. */
  abortAll(): void {
    const stopped = new PenstockError('PIPE_STAGE_STOPPED', 'the worker stops');
    for (const execution of this.running.all()) execution.context.abort(stopped);
  }

  /** The broker will never take what the task handed on. */
  refuse(run: TaskRun, thrown: unknown): void {
    const now = this.#options.now();
    this.#endings.dead(run, openEnvelope(run), classifyFailure(thrown), now, now);
  }

  /** Nothing runs or waits any more; what still answers is late. */
  close(): void {
    this.#delays.clear();
    for (const execution of this.running.all()) this.running.remove(execution);
    this.running.close();
  }

  #postpone(run: TaskRun, envelope: Envelope, notBefore: number, now: number): void {
    if (notBefore - now > maxHoldMs) this.#endings.postponed(run, envelope, notBefore, now);
    else this.#wait(run, notBefore);
  }

  #decode(run: TaskRun, envelope: Envelope, now: number): void {
    const { codec, plan } = this.#options;
    let payload: unknown;
    try {
      payload = codec.decode(plan.stage.input, run.record.value);
    } catch (thrown) {
      this.#undecodable(run, envelope, thrown);
      return;
    }
    if (payload instanceof Promise) this.#awaitReader(run, envelope, payload);
    else this.execute(run, envelope, payload, now);
  }

  /** The codec asks the registry for the writer's schema: no slot is held meanwhile, and after it decode() is sync. */
  #awaitReader(run: TaskRun, envelope: Envelope, payload: Promise<unknown>): void {
    this.#park(run);
    payload.then(
      () => this.goOn(run),
      (thrown) => this.#guard(() => this.#undecodable(run, envelope, thrown)),
    );
  }

  #undecodable(run: TaskRun, envelope: Envelope, thrown: unknown): void {
    if (!run.share.live) return;
    const failure = classifyFailure(thrown);
    const now = this.#options.now();
    if (failure.code === 'PIPE_REGISTRY_UNAVAILABLE') this.#wait(run, now + registryRetryMs);
    else this.#endings.dead(run, envelope, failure, now, now);
    this.#options.onFree();
  }

  /** The task may run now; `payload` is a copy for this attempt. */
  protected abstract execute(run: TaskRun, envelope: Envelope, payload: unknown, now: number): void;

  /** Most answers come within the turn, while the fetch response is alive anyway: only what is slower is copied. */
  protected detachLater(run: TaskRun): void {
    this.#young.push(run);
    if (this.#young.length > 1) return;
    setImmediate(() => {
      for (const each of this.#young) if (each.phase === 'running') each.detach();
      this.#young = [];
    });
  }

  /** The promise is that of a stream of outputs: it resolves when the stream is over, well or not. */
  protected answered(execution: Execution, envelope: Envelope, outputs: unknown): Promise<void> | undefined {
    try {
      if (isStream(outputs)) return this.#drainStream(execution, envelope, outputs);
      if (this.running.remove(execution)) {
        this.settle(execution.run, envelope, outputs, execution.startedAt);
        this.#options.onFree();
      }
    } catch (thrown) {
      this.#options.onDefect(thrown);
    }
    return undefined;
  }

  #drainStream(execution: Execution, envelope: Envelope, outputs: OutputStream): Promise<void> {
    const { encoder, sender } = this.#options;
    return streamOutputs(execution, envelope, outputs, encoder, sender).then(
      (handedOn) => this.#guard(() => this.#streamed(execution, envelope, handedOn)),
      (thrown) => this.threw(execution, envelope, thrown),
    );
  }

  #streamed(execution: Execution, envelope: Envelope, handedOn: HandedOn | null): void {
    if (handedOn === null || !this.running.remove(execution)) return;
    this.#endings.succeeded(execution.run, envelope, handedOn, execution.startedAt);
    this.#options.onFree();
  }

  protected threw(execution: Execution, envelope: Envelope, thrown: unknown): void {
    if (!this.running.remove(execution)) return;
    const { run, context, startedAt } = execution;
    this.#guard(() => {
      if (context.aborted) this.#options.scheduler.finish(run);
      else this.#endings.failed(run, envelope, thrown, startedAt);
      this.#options.onFree();
    });
  }

  #timedOut(execution: Execution): void {
    const { run, context, startedAt } = execution;
    const { timeoutMs } = this.#options.plan.stage;
    if (context.aborted) {
      this.#options.scheduler.finish(run);
      return;
    }
    const timeout = new PenstockError('PIPE_STAGE_TIMEOUT', `no answer within ${timeoutMs} ms`);
    context.abort(timeout);
    this.#guard(() => this.#endings.failed(run, openEnvelope(run), timeout, startedAt));
    this.#options.onFree();
  }

  protected settle(run: TaskRun, envelope: Envelope, outputs: unknown, startedAt: number): void {
    let handedOn: HandedOn;
    try {
      handedOn = this.#options.encoder.all(run, envelope, outputs);
    } catch (thrown) {
      this.#endings.failed(run, envelope, thrown, startedAt);
      return;
    }
    this.#endings.succeeded(run, envelope, handedOn, startedAt);
  }

  /** True: it waits until no suspect is left, or for its turn to run alone. */
  protected keptBack(run: TaskRun): boolean {
    const { quarantine, ownership } = this.#options;
    if (run.standing === 'culprit' || !quarantine.keeps(run)) return false;
    this.#park(run);
    quarantine.wait(run, ownership);
    return true;
  }

  protected failed(run: TaskRun, envelope: Envelope, thrown: unknown, startedAt: number): void {
    this.#endings.failed(run, envelope, thrown, startedAt);
  }

  protected cancelled(run: TaskRun, envelope: Envelope, now: number): void {
    this.#endings.cancelled(run, envelope, now);
  }

  protected expired(run: TaskRun, envelope: Envelope, now: number): void {
    this.#endings.expired(run, envelope, now);
  }

  #wait(run: TaskRun, until: number): void {
    this.#park(run);
    if (run.standing !== 'clear') this.#options.ownership.rested(run);
    this.#delays.add(run, until);
  }

  #park(run: TaskRun): void {
    run.detach();
    this.#options.scheduler.park(run);
  }

  /** It waited for something that is there now. */
  goOn(run: TaskRun): void {
    this.#options.scheduler.unpark(run);
    this.#options.onFree();
  }

  #tooLarge(run: TaskRun): PenstockError {
    const { maxTaskBytes } = this.#options;
    return new PenstockError('PIPE_TASK_TOO_LARGE', `the record has ${run.bytes} bytes; at most ${maxTaskBytes} run`);
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#options.onDefect(thrown);
    }
  }
}

const endsWorker = () =>
  new PenstockError(
    'PIPE_STAGE_ENDS_WORKER',
    'each worker that ran the task ended or stood still, the last one with it alone',
  );
