import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../../deploy/embedded/stack.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { topicsOf } from '../../../topics/catalogue.ts';
import { connectKafka } from '../../../topics/client.ts';
import { stageTopic } from '../../../topics/names.ts';
import { provisionTopics } from '../../../topics/provision.ts';
import { type Place, pipelineOf, subjectOf, taskRecord, type Workload } from './workload.ts';

export interface BenchStack {
  /** What the other processes need to find it. */
  readonly place: Place;
  /** Makes the topics of the workload and registers its schemas. */
  prepare(workload: Workload): Promise<void>;
  /** Fills the first stage's topic; `keyOf` gives the ordering key. */
  load(workload: Workload, count: number, keyOf?: (index: number) => string): Promise<void>;
  /** Lets the first stage read its topic from the start again. It must not run. */
  rewind(workload: Workload): Promise<void>;
  /** Offset up to which the first stage's group committed, summed over the partitions. */
  committed(workload: Workload): Promise<number>;
}

const recordsPerSend = 2_000;
/** Kafka’s own scripts let Java optimise; the embedded one does without, to start sooner. */
const jvmOptions = ['-XX:TieredStopAtLevel=4'];

/** One broker and one registry in a folder of their own, gone when `use` ends. */
export async function withStack<Result>(use: (stack: BenchStack) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const ports = { kafkaPort: 0, registryPort: 0, clickhousePort: 0 };
  const stack = await startStack({ dataDir, ...ports, only: ['kafka', 'registry'], jvmOptions });
  try {
    return await use(openBenchStack({ brokers: stack.brokers, registryUrl: stack.registryUrl }));
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function openBenchStack(place: Place): BenchStack {
  const broker = connectKafka({ brokers: place.brokers, clientId: 'bench' });
  const codec = createCodec({ registryUrl: place.registryUrl });
  const entrance = (workload: Workload): string =>
    stageTopic(workload.pipeline, pipelineOf(workload).stages[0]?.name ?? '');
  const groupOffsets = async (workload: Workload) => {
    const admin = await broker.admin();
    const offsets = await admin.groupOffsets(entrance(workload), entrance(workload));
    return { admin, offsets };
  };
  return {
    place,
    async prepare(workload) {
      const { name, stages } = pipelineOf(workload);
      const admin = await broker.admin();
      await provisionTopics(admin, topicsOf([{ name, stages }]));
      await admin.close();
      for (const stage of stages) await codec.register(subjectOf(stageTopic(name, stage.name)), stage.input);
    },
    async load(workload, count, keyOf = (index) => `k${index}`) {
      const producer = await broker.producer();
      const topic = entrance(workload);
      for (let from = 0; from < count; from += recordsPerSend) {
        const size = Math.min(recordsPerSend, count - from);
        const indexes = Array.from({ length: size }, (_, at) => from + at);
        await producer.send(indexes.map((index) => taskRecord(codec, topic, index, keyOf(index), index)));
      }
      await producer.close();
    },
    async rewind(workload) {
      const { admin, offsets } = await groupOffsets(workload);
      const starts = offsets.map(({ partition }) => ({ partition, offset: 0 }));
      await admin.setGroupOffsets(entrance(workload), entrance(workload), starts);
      await admin.close();
    },
    async committed(workload) {
      const { admin, offsets } = await groupOffsets(workload);
      await admin.close();
      return offsets.reduce((sum, { committed }) => sum + (committed?.offset ?? 0), 0);
    },
  };
}
