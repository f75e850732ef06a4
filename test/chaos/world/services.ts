import { findFreePort } from '../../../deploy/embedded/ports.ts';
import { Service, type ServicePorts } from './service.ts';

export type Harmable = Pick<Service, 'name' | 'start' | 'stop' | 'kill' | 'freeze'>;

/** Kafka, registry and ClickHouse, each to be harmed on its own. */
export interface Services {
  readonly kafka: Harmable;
  readonly registry: Harmable;
  readonly clickhouse: Harmable;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
  stop(): Promise<void>;
}

/** `firstPort` and the two after it; 0: free ones. */
export async function startServices(folder: string, firstPort: number): Promise<Services> {
  const port = async (index: number) => (firstPort === 0 ? findFreePort() : firstPort + index);
  const ports: ServicePorts = { kafka: await port(0), registry: await port(1), clickhouse: await port(2) };
  const [kafka, registry, clickhouse] = [
    new Service('kafka', folder, ports),
    new Service('registry', folder, ports),
    new Service('clickhouse', folder, ports),
  ];
  const all = [kafka, registry, clickhouse];
  const stop = async () => {
    await Promise.all(all.map((service) => service.stop()));
  };
  try {
    await Promise.all(all.map((service) => service.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ kafka, registry, clickhouse, stop },
    brokers: [`127.0.0.1:${ports.kafka}`],
    registryUrl: `http://127.0.0.1:${ports.registry}`,
    clickhouseUrl: `http://127.0.0.1:${ports.clickhouse}`,
  };
}

/** Services that others need too: they run, and are not to be harmed. */
export function sharedServices(urls: Pick<Services, 'brokers' | 'registryUrl' | 'clickhouseUrl'>): Services {
  return {
    ...urls,
    kafka: unharmed('kafka'),
    registry: unharmed('registry'),
    clickhouse: unharmed('clickhouse'),
    stop: async () => {},
  };
}

function unharmed(name: Harmable['name']): Harmable {
  const refuse = async () => {
    throw new Error(`${name} is shared`);
  };
  return { name, start: async () => {}, stop: refuse, kill: refuse, freeze: refuse };
}
