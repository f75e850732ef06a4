import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type RunningGateway, startGateway } from '../../../../gateway/server.ts';
import { createCodec } from '../../../../schemas/codec.ts';
import { loadConfig } from '../../../../schemas/config.ts';
import { downloadTaskSchema } from '../../../../schemas/generated/download-task.ts';
import { createMemoryBroker } from '../../../../topics/memory/memory-broker.ts';
import { attemptsTopic, stageTopic } from '../../../../topics/names.ts';
import { aBatch, anAttempt } from '../../../processors/sinks/attempts.ts';
import { serve } from '../../serve.ts';

const pipeline = 'assets';
const stages = ['download', 'transform', 'upload'];
const broker = createMemoryBroker();
let gateway: RunningGateway | undefined;
let isTold = true;

// A gateway over a history that is there; its Kafka is the twin in memory, which costs this process what a client would.
serve({
  async start({ url, database }: { url: string; database: string }): Promise<string> {
    const admin = await broker.admin();
    const topics = [attemptsTopic, ...stages.map((stage) => stageTopic(pipeline, stage))];
    await admin.createTopics(topics.map((name) => ({ name, partitions: 6, config: {} })));
    const config = loadConfig({ PENSTOCK_CLICKHOUSE_URL: url, PENSTOCK_CLICKHOUSE_DATABASE: database });
    const codec = createCodec({ registryUrl: config.registryUrl });
    const pipelines = [{ name: pipeline, stages: stages.map((name) => ({ name, input: downloadTaskSchema })) }];
    const logger = pino({ level: 'warn' }, process.stderr);
    gateway = await startGateway({ config, broker, codec, pipelines, logger }, { host: '127.0.0.1', port: 0 });
    return gateway.url;
  },
  /** Rows for the live tail, until `stop`. */
  async tell({ perSecond }: { perSecond: number }): Promise<void> {
    const producer = await broker.producer();
    const everyMs = 100;
    const tellOn = async (): Promise<void> => {
      for (let index = 0; isTold; index += 1) {
        const attempts = Array.from({ length: (perSecond * everyMs) / 1_000 }, (_, n) =>
          anAttempt({ taskId: `live-${index}-${n}`, eventTime: Date.now(), runMs: n, errorMessage: 'x'.repeat(200) }),
        );
        const batch = aBatch(attempts, { pipeline, stage: 'upload', topic: stageTopic(pipeline, 'upload') });
        await producer.send([
          { topic: attemptsTopic, key: null, value: Buffer.from(JSON.stringify(batch)), headers: {} },
        ]);
        await sleep(everyMs);
      }
    };
    void tellOn();
  },
  /** CPU time of this process so far, ms. */
  async cpuMs(): Promise<number> {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
  async stop(): Promise<void> {
    isTold = false;
    await gateway?.stop();
  },
});
