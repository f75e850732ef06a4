import { pino } from 'pino';
import { startGateway } from '../../../gateway/server.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { loadConfig } from '../../../schemas/config.ts';
import { connectKafka } from '../../../topics/client.ts';
import type { Broker } from '../../../topics/ports.ts';
import { chaosPipeline } from './chaos-pipeline.ts';

/** One gateway in a process of its own, to be killed: brokers, registry, pipeline, 'answers' or 'silent'. */
const [brokers = '', registryUrl = '', name = '', manner = 'answers'] = process.argv.slice(2);
const kafka = connectKafka({ brokers: brokers.split(','), clientId: `${name}-gateway` });
const gateway = await startGateway(
  {
    config: loadConfig({}),
    broker: manner === 'silent' ? silentAfter(kafka, () => process.send?.('acknowledged')) : kafka,
    codec: createCodec({ registryUrl }),
    pipelines: [chaosPipeline(name)],
    logger: pino({ level: 'silent' }),
  },
  { host: '127.0.0.1', port: 0 },
);
process.on('disconnect', () => process.exit(1));
process.send?.(gateway.url);

/** Kafka has the task, and the gateway never hears of it: the moment between acknowledgement and answer, as long as needed. */
function silentAfter(broker: Broker, acknowledged: () => void): Broker {
  return {
    ...broker,
    async producer(options) {
      const producer = await broker.producer(options);
      return {
        async send(records) {
          await producer.send(records);
          acknowledged();
          return new Promise(() => {});
        },
        close: () => producer.close(),
      };
    },
  };
}
