import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { submitStream } from '../../cli/submit/submit-tasks.ts';
import { Batch } from '../../gateway/intake/batch.ts';
import { Intake } from '../../gateway/intake/intake.ts';
import type { Line } from '../../gateway/intake/ndjson.ts';
import { Submitter } from '../../gateway/intake/submission.ts';
import { createCodec } from '../../schemas/codec.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { createRecordingBroker } from '../gateway/recording-broker.ts';

afterEach(() => vi.restoreAllMocks());

async function submit(...texts: string[]) {
  const broker = createRecordingBroker();
  const codec = createCodec({ registryUrl: 'http://127.0.0.1:9' });
  const submitter = new Submitter(new Intake({ broker, codec, workerName: 'test', logger: pino({ level: 'silent' }) }));
  const target = {
    pipeline: 'assets',
    stage: 'download',
    topic: 'assets.download',
    subject: 'assets.download-value',
    schema: downloadTaskSchema,
  };
  const limits = { maxTasks: 10, maxRejected: 10, maxTaskBytes: 1_000 };
  async function* lines(): AsyncGenerator<Line[]> {
    if (texts.length > 0) yield texts.map((text) => ({ kind: 'line', bytes: Buffer.from(text) }));
  }
  const batch = new Batch(submitter, { target, options: { source: 'cli' } }, limits);
  return submitStream(batch, { kind: 'stream', lines: lines() });
}

it('an input without a task is a mistake, not a success', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(submit()).rejects.toMatchObject({ code: 'PIPE_CLI_USAGE' });
});

it('a line that is no task is told as rejected', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await submit('[]')).toMatchObject({
    accepted: 0,
    rejected: [{ index: 0, code: 'PIPE_TASK_SCHEMA_MISMATCH' }],
  });
});
