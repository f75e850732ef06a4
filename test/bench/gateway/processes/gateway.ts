import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Place, pipelineOf, type Workload } from '../../engine/workload.ts';
import { loadBuilt } from '../../load-built.ts';
import { serve } from '../../serve.ts';

type Gateway = typeof import('../../../../gateway/app.ts') &
  typeof import('../../../../schemas/codec.ts') &
  typeof import('../../../../schemas/config.ts') &
  typeof import('../../../../topics/client.ts');

const paths = ['gateway/app', 'schemas/codec', 'schemas/config', 'topics/client'];

let app: FastifyInstance | undefined;

// A gateway of Penstock in a process of its own.
serve({
  async start({ place, workload }: { place: Place; workload: Workload }): Promise<string> {
    const { buildGateway, connectKafka, createCodec, loadConfig } = await loadBuilt<Gateway>(paths);
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
