import { randomUUID } from 'node:crypto';
import avsc from 'avsc';
import { type Batch, type Consumer, Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { patchKafkajs } from '../../../../topics/kafkajs/patches.ts';
import { serve } from '../../serve.ts';
import { LatencyMarks, SpanMarks } from '../marks.ts';
import { taskSchema } from '../workload.ts';
import type { RunResult } from './engine.ts';

/** The baseline: what somebody writes on kafkajs alone. Tasks of a batch in turn, a commit for each batch, no history. */

interface Loop {
  readonly brokers: readonly string[];
  readonly from: string;
  /** undefined: nothing is handed on. */
  readonly to?: string;
}

interface Run extends Loop {
  readonly count: number;
}

interface Task {
  readonly sentAtUs: number;
}

interface Looping {
  readonly consumer: Consumer;
  readonly producer: Producer;
}

const recordsPerSend = 1_000;
const framingBytes = 5;
const type = avsc.Type.forSchema(structuredClone(taskSchema.avro) as never, { wrapUnions: true });

function encode(task: Task): Buffer {
  const body = type.toBuffer(task);
  const value = Buffer.allocUnsafe(body.length + framingBytes);
  value[0] = 0;
  value.writeInt32BE(1, 1);
  body.copy(value, framingBytes);
  return value;
}

async function passOn({ messages }: Batch, producer: Producer, topic: string | undefined, seen: (task: Task) => void) {
  for (let from = 0; from < messages.length; from += recordsPerSend) {
    const outputs: Message[] = [];
    for (const { key, value, headers } of messages.slice(from, from + recordsPerSend)) {
      const task: Task = type.fromBuffer((value ?? Buffer.alloc(0)).subarray(framingBytes));
      seen(task);
      if (topic !== undefined) outputs.push({ key, value: encode(task), headers: { penstock: headers?.penstock } });
    }
    if (topic !== undefined) await producer.send({ topic, messages: outputs });
  }
}

/** Resolves when it is in its group. */
async function startLoop(loop: Loop, seen: (task: Task) => void, onBatch: () => void): Promise<Looping> {
  const kafka = new Kafka({ brokers: [...loop.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `bare-${randomUUID()}`, maxWaitTimeInMs: 200 });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: loop.from, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    async eachBatch({ batch, resolveOffset }) {
      await passOn(batch, producer, loop.to, seen);
      resolveOffset(batch.lastOffset());
      const offset = String(Number(batch.lastOffset()) + 1);
      await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset }]);
      onBatch();
    },
  });
  await joined;
  return { consumer, producer };
}

async function endLoop({ consumer, producer }: Looping): Promise<void> {
  await consumer.disconnect();
  await producer.disconnect();
}

async function run(loop: Run): Promise<RunResult> {
  const marks = new SpanMarks();
  let count = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const seen = (): void => {
    marks.started();
    count += 1;
  };
  const looping = await startLoop(loop, seen, () => count >= loop.count && finish());
  await finished;
  const result = { handlersMs: 0, durableMs: marks.sinceFirstMs(), cpuUs: marks.cpuUs() };
  await endLoop(looping);
  return result;
}

let chain: readonly Looping[] = [];
let latencies = new LatencyMarks();

serve({
  run,
  /** Gives this process the mends that Penstock applies to kafkajs. */
  async patch() {
    if (!patchKafkajs()) throw new Error('this version of kafkajs is not known');
  },
  async start({ brokers, topics }: { brokers: readonly string[]; topics: readonly string[] }) {
    latencies = new LatencyMarks();
    const { started, ended } = latencies;
    const seenAt = (at: number) => (task: Task) => {
      if (at === 0) started(task.sentAtUs);
      if (at === topics.length - 1) ended(task.sentAtUs);
    };
    const loops = topics.map((from, at) => ({ brokers, from, ...(topics[at + 1] ? { to: topics[at + 1] } : {}) }));
    chain = await Promise.all(loops.map((loop, at) => startLoop(loop, seenAt(at), () => undefined)));
  },
  latencies: async () => latencies.result(),
  stop: async () => void (await Promise.all(chain.map(endLoop))),
});
