import type { Logger } from 'pino';
import type { Codec } from '../../schemas/codec.ts';
import { messageOf } from '../../schemas/errors.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../topics/names.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import { BatchLoop } from './batch-loop.ts';
import type { Completion } from './completion.ts';
import type { DurableSender } from './durable-sender.ts';
import { batchRows, type RowBatch } from './row-batches.ts';
import type { StagePlan } from './stage-plan.ts';

export interface CompletionWriterOptions {
  readonly plan: StagePlan;
  readonly codec: Codec;
  readonly sender: DurableSender;
  readonly log: Logger;
  readonly workerName: string;
  readonly codeVersion: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Outputs and rows of these are acknowledged; called once a batch. */
  onDurable(completions: readonly Completion[]): void;
  /** The broker will never take these outputs. */
  onRefused(completion: Completion, thrown: unknown): void;
  onDefect(thrown: unknown): void;
}

/** Beside the fetches of the next stage, 8 ms apart, it adds little; each send costs Kafka and us the same, large or small. */
const lingerMs = 4;
/** Larger sends to kafkajs cost more than they save (field notes: ≤ 1 000 records). */
const flushCount = 1_000;
/** Ends that may wait for Kafka before no more tasks are started; ten full sends. */
const maxPending = 10_000;
const maxPendingBytes = 16 * 1024 * 1024;
/** A send that takes longer has met a broker in trouble: what is run on top of it may have to run again. */
const slowAfterMs = 1_000;

export const attemptsSubject = `${attemptsTopic}-value`;

/** Writes outputs and attempt rows together, in order, one send at a time; only then do the offsets count as finished. */
export class CompletionWriter {
  readonly #options: CompletionWriterOptions;
  readonly #loop: BatchLoop<Completion>;
  #bytes = 0;
  #isSlow = false;

  constructor(options: CompletionWriterOptions) {
    this.#options = options;
    this.#loop = new BatchLoop({
      lingerMs,
      flushCount,
      deliver: (completions) => this.#deliver(completions),
      onDefect: options.onDefect,
    });
  }

  /** A send has been under way for long; true until onDurable. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** False: start no more tasks until onDurable. */
  get hasRoom(): boolean {
    return this.#loop.pending < maxPending && this.#bytes < maxPendingBytes;
  }

  add(completion: Completion): void {
    this.#bytes += bytesOf(completion);
    this.#loop.add(completion);
  }

  idle(): Promise<void> {
    return this.#loop.idle();
  }

  async #deliver(completions: Completion[]): Promise<void> {
    const bytes = completions.reduce((sum, completion) => sum + bytesOf(completion), 0);
    const slow = setTimeout(() => {
      this.#isSlow = true;
    }, slowAfterMs);
    try {
      await this.#write(completions.filter((completion) => completion.run.share.live));
    } finally {
      clearTimeout(slow);
      this.#bytes -= bytes;
      if (this.#isSlow) this.#recovered();
    }
  }

  /** Tasks may start again, also where nothing of the send counted any more. */
  #recovered(): void {
    this.#isSlow = false;
    this.#options.onDurable([]);
  }

  async #write(live: readonly Completion[]): Promise<void> {
    if (live.length === 0) return;
    const alive = () => live.some((completion) => completion.run.share.live);
    try {
      const sent = await this.#options.sender.send(this.#recordsOf(live), { alive, tooLarge: 'throw' });
      if (sent) this.#options.onDurable(live);
    } catch (thrown) {
      await this.#isolate(live, thrown);
    }
  }

  /** Halves until the one record that is refused stands alone; the others go on. */
  async #isolate(completions: readonly Completion[], thrown: unknown): Promise<void> {
    const [only] = completions;
    if (completions.length === 1 && only !== undefined) {
      this.#options.onRefused(only, thrown);
      return;
    }
    const half = Math.ceil(completions.length / 2);
    await this.#write(completions.slice(0, half));
    await this.#write(completions.slice(half));
  }

  #recordsOf(completions: readonly Completion[]): OutboundRecord[] {
    const records: OutboundRecord[] = [];
    for (const { outputs } of completions) for (const output of outputs) records.push(output);
    const key = this.#rowsKey();
    for (const batch of batchRows(completions)) this.#pushRows(records, key, batch);
    return records;
  }

  /** All rows of a second go to one partition, the next second's to another: the sink inserts once for many. */
  #rowsKey(): Buffer {
    return Buffer.from(`${this.#options.workerName}/${Math.floor(this.#options.now() / 1_000)}`);
  }

  #pushRows(records: OutboundRecord[], key: Buffer, { topic, rows }: RowBatch): void {
    const { plan, codec, workerName, codeVersion, log } = this.#options;
    const head = { worker: workerName, codeVersion, pipeline: plan.pipeline, stage: plan.stage.name, topic };
    try {
      const value = codec.encode(attemptBatchSchema, attemptsSubject, { ...head, attempts: rows });
      records.push({ topic: attemptsTopic, key, value });
    } catch (thrown) {
      if (rows.length > 1) for (const row of rows) this.#pushRows(records, key, { topic, rows: [row] });
      else log.error({ reason: messageOf(thrown), offset: rows[0]?.offset }, 'an attempt row cannot be written');
    }
  }
}

/** A record that goes round again is the task itself; what else a task hands on stands in its row. */
function bytesOf({ run, row, outputs }: Completion): number {
  if (row === null) return 0;
  return row.outcome !== 'ok' && outputs.length > 0 ? run.bytes : row.bytesOut;
}
