import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type Place, pipelineOf, type Workload } from '../../engine/workload.ts';
import { serve } from '../../serve.ts';

type Gateway = typeof import('../../../../gateway/app.ts') &
  typeof import('../../../../schemas/codec.ts') &
  typeof import('../../../../schemas/config.ts') &
  typeof import('../../../../topics/client.ts');

/** A gateway of Penstock in a process of its own; compiled, as users run it: the loader of the sources names every closure anew. */
async function loadBuilt(): Promise<Gateway> {
  const built = (path: string) => import(new URL(`../../../../dist/${path}.js`, import.meta.url).href);
  const paths = ['gateway/app', 'schemas/codec', 'schemas/config', 'topics/client'];
  return Object.assign({}, ...(await Promise.all(paths.map(built))));
}

let app: FastifyInstance | undefined;

serve({
  async start({ place, workload }: { place: Place; workload: Workload }): Promise<string> {
    const { buildGateway, connectKafka, createCodec, loadConfig } = await loadBuilt();
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
