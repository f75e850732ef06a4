import type { Logger } from 'pino';
import type { ClickHouse, ClickHouseOptions } from '../processors/sinks/clickhouse.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Config } from '../schemas/config.ts';
import type { Admin, Broker } from '../topics/ports.ts';

/** Connections of one command. Opened lazily by what they open; heavy modules load here, not at start. */
export async function openBroker(config: Config, role: string, logger: Logger): Promise<Broker> {
  const { connectKafka } = await import('../topics/client.ts');
  const { ssl, sasl } = config.kafka;
  return connectKafka({ brokers: config.brokers, ssl, ...(sasl && { sasl }), clientId: `penstock-${role}`, logger });
}

export async function openCodec(config: Config): Promise<Codec> {
  const { createCodec } = await import('../schemas/codec.ts');
  return createCodec({ registryUrl: config.registryUrl });
}

export async function openClickHouse(config: Config, options: ClickHouseOptions = {}): Promise<ClickHouse> {
  const { connectClickHouse } = await import('../processors/sinks/clickhouse.ts');
  return connectClickHouse(config.clickhouse, options);
}

/** Somebody waits at a terminal. A second more than the queries of the history may run: a slow server says so itself. */
export const interactiveTimeoutMs = 11_000;

/** Runs with an admin connection and closes it, whatever happens. */
export async function withAdmin<T>(broker: Broker, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = await broker.admin();
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}
