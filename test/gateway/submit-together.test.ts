import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { Receipt } from '../../client/types.ts';
import { Intake, type IntakeOptions } from '../../gateway/intake/intake.ts';
import { Submitter } from '../../gateway/intake/submission.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { attemptsTopic } from '../../topics/names.ts';
import type { Broker } from '../../topics/ports.ts';
import { jsonCodec } from '../processors/runtime/json-codec.ts';
import { task } from './open-gateway.ts';
import { createRecordingBroker } from './recording-broker.ts';

// Tasks of several callers that arrive in one turn are sent in one call.

const targetOf = (stage: string) => ({
  ...{ pipeline: 'p', stage, topic: `p.${stage}`, subject: `p.${stage}-value`, schema: downloadTaskSchema },
});

async function open(broker: Broker, options: Partial<IntakeOptions> = {}) {
  const logger = pino({ level: 'silent' });
  const intake = new Intake({ broker, codec: jsonCodec(), workerName: 'test', logger, ...options });
  onTestFinished(() => intake.close());
  const submitter = new Submitter(intake);
  const submit = async (name: unknown, stage = 'a', key?: string): Promise<Receipt> => {
    const submission = { target: targetOf(stage), options: { source: 'test', ...(key !== undefined && { key }) } };
    return submitter.submitOne(submission, Buffer.from(JSON.stringify({ ...task, name })));
  };
  await Promise.all(['a', 'b'].map((stage) => submitter.open(targetOf(stage))));
  return { submit };
}

async function memoryBroker() {
  const broker = createMemoryBroker();
  const topics = ['p.a', 'p.b', attemptsTopic].map((name) => ({
    name,
    partitions: 2,
    config: { 'max.message.bytes': '4000' },
  }));
  await (await broker.admin()).createTopics(topics);
  return broker;
}

const outcomes = async (submissions: readonly Promise<Receipt>[]): Promise<string[]> => {
  const settled = await Promise.allSettled(submissions);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value.topic : String(one.reason.code)));
};

it('each gets its own receipt, with a key or without, whatever its stage', async () => {
  const { submit } = await open(await memoryBroker());
  const all = [submit('1'), submit('2', 'b'), submit('3'), submit('4', 'a', 'own'), submit('5', 'b', 'own')];
  expect(await outcomes(all)).toEqual(['p.a', 'p.b', 'p.a', 'p.a', 'p.b']);
  const places = (await Promise.all(all)).map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`);
  expect(new Set(places).size).toBe(5);
});

it('one that fits no schema, and one that Kafka finds too large, fail alone', async () => {
  const { submit } = await open(await memoryBroker());
  const tooLarge = 'x'.repeat(10_000);
  const invalid = submit(1);
  const all = [submit('1'), invalid, submit(tooLarge), submit('2'), submit('3', 'b')];
  expect(await outcomes(all)).toEqual(['p.a', 'PIPE_TASK_SCHEMA_MISMATCH', 'PIPE_TASK_TOO_LARGE', 'p.a', 'p.b']);
});

it('where the send fails as a whole, each hears of it', async () => {
  const broker = createRecordingBroker();
  broker.behaviour = new PenstockError('PIPE_TOPIC_UNKNOWN', 'no such topic');
  const { submit } = await open(broker);
  expect(await outcomes([submit('1'), submit('2')])).toEqual(['PIPE_TOPIC_UNKNOWN', 'PIPE_TOPIC_UNKNOWN']);
});

it('as many are let in as there is room for, and as many again once they are answered', async () => {
  const broker = createRecordingBroker();
  broker.behaviour = 'hang';
  const { submit } = await open(broker, { maxPendingTasks: 2 });
  const all = [submit('1'), submit('2'), submit('3')];
  await expect(all[2]).rejects.toMatchObject({ code: 'PIPE_GATEWAY_OVERLOADED' });
  broker.release();
  expect(await outcomes(all)).toEqual(['p.a', 'p.a', 'PIPE_GATEWAY_OVERLOADED']);
  expect(await outcomes([submit('4'), submit('5')])).toEqual(['p.a', 'p.a']);
});

it('each hears in time that Kafka does not answer', async () => {
  const broker = createRecordingBroker();
  broker.behaviour = 'hang';
  const { submit } = await open(broker, { sendDeadlineMs: 20 });
  expect(await outcomes([submit('1'), submit('2')])).toEqual(['PIPE_BROKER_UNAVAILABLE', 'PIPE_BROKER_UNAVAILABLE']);
  broker.release();
});
