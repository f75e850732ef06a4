import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildGateway } from '../../../../gateway/app.ts';
import { createCodec } from '../../../../schemas/codec.ts';
import { loadConfig } from '../../../../schemas/config.ts';
import { connectKafka } from '../../../../topics/client.ts';
import { type Place, pipelineOf, type Workload } from '../../engine/workload.ts';
import { serve } from '../../serve.ts';

let app: FastifyInstance | undefined;

// A gateway of Penstock in a process of its own.
serve({
  async start({ place, workload }: { place: Place; workload: Workload }): Promise<string> {
    const history = { task: async () => undefined, tasks: async () => [], close: async () => {} };
    app = buildGateway({
      config: loadConfig({}),
      broker: connectKafka({ brokers: place.brokers, clientId: 'bench-gateway' }),
      codec: createCodec({ registryUrl: place.registryUrl }),
      pipelines: [pipelineOf(workload)],
      logger: pino({ level: 'warn' }, process.stderr),
      history,
    });
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    return `${address}/v1/pipelines/${workload.pipeline}/tasks`;
  },
  async stop() {
    await app?.close();
  },
});
