import { hostname } from 'node:os';
import { findTarget } from '../../gateway/catalogue.ts';
import { Batch } from '../../gateway/intake/batch.ts';
import { Intake, maxTaskBytes } from '../../gateway/intake/intake.ts';
import { type Submission, Submitter } from '../../gateway/intake/submission.ts';
import { DoneFeed } from '../../gateway/watching/done-feed.ts';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { openBroker, openClickHouse, openCodec } from '../connect.ts';
import { loadPipelines, modulesOf } from '../load-pipelines.ts';
import { createCommandLogger } from '../logger.ts';
import { printProgress } from '../output.ts';
import { startCounter, startProgressBar } from '../progress-bar.ts';
import { type SubmitFlags, type SubmitResult, taskOptionsOf } from './submit-flags.ts';
import type { TaskInput } from './task-input.ts';
import { waitForTasks } from './wait-for-tasks.ts';

const limits = { maxTasks: Number.MAX_SAFE_INTEGER, maxRejected: 10_000, maxTaskBytes };
/** Nobody waits at the other end of a connection: a short outage may pass. */
const sendDeadlineMs = 30_000;
const maxShownIds = 10;
/** The sink writes a batch at least each second; ten of them missed is a sink that is behind or away. */
const historyDeadlineMs = 10_000;

export async function submitTasks(
  config: Config,
  pipelineName: string,
  input: TaskInput,
  flags: SubmitFlags,
): Promise<SubmitResult> {
  const target = findTarget(await loadPipelines(config, modulesOf(flags)), pipelineName, flags.stage);
  const logger = createCommandLogger('submit', config.logLevel);
  const broker = await openBroker(config, 'submit', logger);
  const codec = await openCodec(config);
  const intake = new Intake({ broker, codec, logger, sendDeadlineMs, workerName: `cli:${hostname()}:${process.pid}` });
  const submitter = new Submitter(intake);
  const { idempotencyKey } = flags;
  const submission = { target, options: taskOptionsOf(flags), ...(idempotencyKey !== undefined && { idempotencyKey }) };
  const feed = new DoneFeed({ broker, logger, readyDeadlineMs: sendDeadlineMs });
  let result: SubmitResult;
  try {
    await submitter.open(target);
    if (input.kind === 'one' && flags.wait) {
      result = await runOne(submitter, submission, input.json, feed, flags);
    } else if (input.kind === 'one') {
      const { id } = await submitter.submitOne(submission, input.json);
      result = { accepted: 1, rejected: [], ids: [id] };
    } else {
      result = await submitStream(new Batch(submitter, submission, limits), input);
    }
  } finally {
    await feed.close();
    await intake.close();
  }
  if (!flags.wait || result.ids.length === 0) return result;
  if (result.states === undefined) return { ...result, states: await wait(config, result.ids, flags) };
  await untilHistoryShows(config, result.ids);
  return result;
}

/** So that who asks `penstock task` or `penstock sql` next sees what was just told. Without a history it is told all the same. */
async function untilHistoryShows(config: Config, ids: readonly string[]): Promise<void> {
  const clickhouse = await openClickHouse(config, { requestTimeoutMs: historyDeadlineMs });
  try {
    await clickhouse.ping();
    await waitForTasks(clickhouse, ids, { timeoutMs: historyDeadlineMs, onProgress() {} });
  } catch (error) {
    if (!(error instanceof PenstockError)) throw error;
    printProgress(`the history does not show it yet: ${error.code}: ${error.message}`);
  } finally {
    await clickhouse.close();
  }
}

/** Its end is told on the done topic, so the history need not be there. Rejects with PIPE_CLI_WAIT_TIMEOUT. */
async function runOne(
  submitter: Submitter,
  submission: Submission,
  json: Buffer,
  feed: DoneFeed,
  { timeout }: SubmitFlags,
): Promise<SubmitResult> {
  const { pipeline } = submission.target;
  await feed.open(pipeline);
  const { id } = await submitter.submitOne({ ...submission, options: { ...submission.options, watched: true } }, json);
  printProgress(`accepted ${id}`);
  const ending = await feed.whole(pipeline, id, AbortSignal.timeout(timeout * 1_000));
  if (!ending) throw new PenstockError('PIPE_CLI_WAIT_TIMEOUT', `task ${id} has not ended within ${timeout} s`);
  return { accepted: 1, rejected: [], ids: [id], states: { [id]: ending.state }, ending };
}

/** Throws PIPE_CLI_USAGE where the stream holds no task. */
export async function submitStream(batch: Batch, input: TaskInput & { kind: 'stream' }): Promise<SubmitResult> {
  const counter = startCounter('submitted', 'task');
  try {
    for await (const lines of input.lines) {
      await batch.add(lines);
      counter.update(batch.acceptedCount);
    }
  } finally {
    counter.stop();
  }
  if (batch.size === 0) throw new PenstockError('PIPE_CLI_USAGE', 'the input holds no task: pipe one a line into it');
  const rejected = batch.rejected.map(({ index, error }) => ({ index, code: error.code, message: error.message }));
  return { accepted: batch.acceptedCount, rejected, ids: [...batch.ids()] };
}

async function wait(config: Config, ids: readonly string[], flags: SubmitFlags): Promise<Record<string, string>> {
  const clickhouse = await openClickHouse(config);
  // Before the wait: whoever stops waiting still knows them.
  for (const id of ids.slice(0, maxShownIds)) printProgress(`accepted ${id}`);
  const bar = startProgressBar('ended', ids.length, 'task');
  try {
    const states = await waitForTasks(clickhouse, ids, {
      timeoutMs: flags.timeout * 1_000,
      onProgress: (ended) => bar.update(ended),
    });
    return Object.fromEntries(states);
  } finally {
    bar.stop();
    await clickhouse.close();
  }
}
