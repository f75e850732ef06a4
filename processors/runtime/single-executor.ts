import type { Envelope } from '../../schemas/envelope.ts';
import type { SingleStage } from '../stage.ts';
import { isStream } from './output-stream.ts';
import { isThenable, promiseOf } from './pending.ts';
import { TaskContext } from './task-context.ts';
import type { TaskEndings } from './task-endings.ts';
import { TaskExecutor, type TaskExecutorOptions } from './task-executor.ts';
import { Execution, type TaskRun, viewTask } from './task-run.ts';

/** Calls `process` for each task. A handler that answers at once is settled at once, and never on the running list. */
export class SingleExecutor extends TaskExecutor {
  readonly #options: TaskExecutorOptions;
  readonly #stage: SingleStage<unknown>;

  constructor(
    options: TaskExecutorOptions,
    stage: SingleStage<unknown>,
    makeEndings: (wait: (run: TaskRun, until: number) => void) => TaskEndings,
  ) {
    super(options, makeEndings);
    this.#options = options;
    this.#stage = stage;
  }

  protected override execute(run: TaskRun, envelope: Envelope, payload: unknown, now: number): void {
    const { plan, environment } = this.#options;
    if (run.firstStartedAt === 0) run.firstStartedAt = now;
    const context = new TaskContext(environment, run);
    let outputs: unknown;
    try {
      outputs = this.#stage.process(viewTask(run, envelope, plan.pipeline, this.#stage, payload), context);
    } catch (thrown) {
      this.failed(run, envelope, thrown, now);
      return;
    }
    if (isThenable(outputs) || isStream(outputs)) this.#follow(new Execution(run, context, now), envelope, outputs);
    else this.settle(run, envelope, outputs, now);
  }

  #follow(execution: Execution, envelope: Envelope, pending: unknown): void {
    this.running.add(execution);
    this.detachLater(execution.run);
    promiseOf(pending).then(
      (outputs) => this.answered(execution, envelope, outputs),
      (thrown) => this.threw(execution, envelope, thrown),
    );
  }
}
