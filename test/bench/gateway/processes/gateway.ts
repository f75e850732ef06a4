import { pino } from 'pino';
import { type RunningGateway, startGateway } from '../../../../gateway/server.ts';
import { createCodec } from '../../../../schemas/codec.ts';
import { loadConfig } from '../../../../schemas/config.ts';
import { connectKafka } from '../../../../topics/client.ts';
import { type Place, pipelineOf, type Workload } from '../../engine/workload.ts';
import { serve } from '../../serve.ts';

let gateway: RunningGateway | undefined;

// A gateway of Penstock in a process of its own.
serve({
  async start({ place, workload }: { place: Place; workload: Workload }): Promise<string> {
    const history = { task: async () => undefined, tasks: async () => [], close: async () => {} };
    const options = {
      config: loadConfig({}),
      broker: connectKafka({ brokers: place.brokers, clientId: 'bench-gateway' }),
      codec: createCodec({ registryUrl: place.registryUrl }),
      pipelines: [pipelineOf(workload)],
      logger: pino({ level: 'warn' }, process.stderr),
      history,
    };
    gateway = await startGateway(options, { host: '127.0.0.1', port: 0 });
    return `${gateway.url}/v1/pipelines/${workload.pipeline}/tasks`;
  },
  async stop() {
    await gateway?.stop();
  },
});
