import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePipeline, type Pipeline } from '../../../processors/pipeline.ts';
import { defineStage, type StageContext, type Task, to } from '../../../processors/stage.ts';
import { avroSchema } from '../../../schemas/avro-schema.ts';
import type { Ledger } from './ledger.ts';

export const chaosSchema = avroSchema({
  type: 'record',
  name: 'Chaos',
  namespace: 'test.chaos',
  fields: [
    { name: 'n', type: 'long' },
    { name: 'plan', type: 'string' },
    { name: 'ms', type: 'int' },
  ],
});

export interface ChaosPayload {
  readonly n: number;
  readonly plan: string;
  /** How long the handler takes. */
  readonly ms: number;
}

/**
 * What a handler does: end well; throw each time; throw until that attempt; end its process; block the event loop, for
 * the first time only or each time.
 */
export type Plan = 'ok' | 'throw' | `flaky-${number}` | 'exit' | 'block-once' | 'block';

export interface ChaosSettings {
  readonly name: string;
  /** Delayed retries of the first stage. */
  readonly delayed: readonly string[];
  readonly concurrency: number;
  /** Where handlers leave their marks; a file `healed` in it ends all harm. */
  readonly folder: string;
  readonly blockMs: number;
}

export const attemptsInPlace = 3;

/** `work`, ordered by key, does as the task's plan says; `next`, in no order, takes what it hands on. */
export function chaosPipeline(settings: ChaosSettings, ledger: Ledger | null): Pipeline {
  const book = new RunBook(ledger);
  const { concurrency } = settings;
  const next = defineStage({
    name: 'next',
    input: chaosSchema,
    ordering: 'none',
    concurrency,
    async process(task, context) {
      await book.run(task, context, () => pause(Math.floor(task.payload.ms / 2), context));
    },
  });
  const work = defineStage({
    name: 'work',
    input: chaosSchema,
    ordering: 'key',
    concurrency,
    retry: { attempts: attemptsInPlace, firstDelayMs: 20, delayed: settings.delayed },
    async process(task, context) {
      await book.run(task, context, () => follow(task, context, settings, ledger));
      return to(next, task.payload);
    },
  });
  return definePipeline({ name: settings.name, stages: [work, next] });
}

/** Notes beginning and end of each run. */
class RunBook {
  readonly #ledger: Ledger | null;
  #runs = 0;

  constructor(ledger: Ledger | null) {
    this.#ledger = ledger;
  }

  async run(task: Task<ChaosPayload>, { signal }: StageContext, act: () => Promise<void>): Promise<void> {
    const run = ++this.#runs;
    const { topic, partition, offset } = task.place;
    this.#ledger?.write(['start', Date.now(), run, topic, partition, offset, task.attempt, task.id, task.key]);
    try {
      await act();
      this.#ledger?.write(['end', Date.now(), run, 'ok']);
    } catch (thrown) {
      const end = task.attempt % attemptsInPlace === 0 ? 'gave-up' : 'retry';
      this.#ledger?.write(['end', Date.now(), run, signal.aborted ? 'aborted' : end]);
      throw thrown;
    }
  }
}

async function follow(
  task: Task<ChaosPayload>,
  context: StageContext,
  settings: ChaosSettings,
  ledger: Ledger | null,
): Promise<void> {
  const { plan, ms, n } = task.payload;
  if (isHarmful(plan) && !existsSync(join(settings.folder, 'healed'))) harm(plan, n, settings, ledger);
  await pause(ms, context);
  if (plan === 'throw' || task.attempt < flakyUntil(plan)) throw new Error(`attempt ${task.attempt} of ${plan}`);
}

async function pause(ms: number, { signal }: StageContext): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal });
}

const isHarmful = (plan: string): boolean => plan === 'exit' || plan.startsWith('block');

function flakyUntil(plan: string): number {
  return plan.startsWith('flaky-') ? Number(plan.slice('flaky-'.length)) : 0;
}

function harm(plan: string, n: number, { folder, blockMs }: ChaosSettings, ledger: Ledger | null): void {
  if (plan === 'block-once' && !isFirst(join(folder, `blocked-${n}`))) return;
  ledger?.write(['harm', Date.now(), plan]);
  if (plan === 'exit') process.exit(7);
  const until = performance.now() + blockMs;
  while (performance.now() < until);
  ledger?.write(['healed', Date.now(), plan]);
}

function isFirst(mark: string): boolean {
  try {
    writeFileSync(mark, '', { flag: 'wx' });
    return true;
  } catch {
    return false; // It stands there already.
  }
}
