import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Broker } from '../../topics/ports.ts';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { openBroker, openClickHouse, openCodec, withAdmin } from '../connect.ts';
import { createLogger } from '../logger.ts';
import { untilInterrupted } from '../until-interrupted.ts';

export function registerSink(program: Command): void {
  const command = program.command('sink').description('carry the attempts from Kafka into ClickHouse');
  addConfigFlags(command, connectionFlags).action(runSink);
}

async function runSink(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const logger = createLogger('sink', config.logLevel);
  const interrupted = untilInterrupted();
  const clickhouse = await openClickHouse(config);
  const isReady = await Promise.race([prepareStore(clickhouse, logger), interrupted.then(() => false)]);
  if (isReady) await sinkUntil(interrupted, { broker: await openBroker(config, 'sink', logger), clickhouse, logger });
  await clickhouse.close();

  async function sinkUntil(
    stop: Promise<NodeJS.Signals>,
    parts: { broker: Broker; clickhouse: ClickHouse; logger: Logger },
  ): Promise<void> {
    const { startAttemptSink } = await import('../../processors/sinks/attempt-sink.ts');
    await provisionOwnTopics(parts.broker);
    const sink = await startAttemptSink({ ...parts, codec: await openCodec(config) });
    logger.info({ clickhouse: clickhouse.database }, 'the sink runs');
    try {
      const signal = await Promise.race([stop, sink.failed]);
      logger.info({ signal, ...sink.stats() }, 'the sink stops');
    } finally {
      await sink.stop();
    }
  }
}

const retryEveryMs = 2_000;

/** Waits for ClickHouse as long as it takes, then brings it to the newest schema. */
async function prepareStore(clickhouse: ClickHouse, logger: Logger): Promise<true> {
  const { migrate } = await import('../../processors/sinks/migrate.ts');
  for (let failures = 0; ; failures += 1) {
    try {
      const applied = await migrate(clickhouse);
      if (applied.length > 0) logger.info({ applied }, 'ClickHouse has the newest schema');
      return true;
    } catch (error) {
      if (!(error instanceof PenstockError && error.retryable)) throw error;
      if (failures % 30 === 0)
        logger.warn({ code: error.code, error: messageOf(error) }, 'the sink waits for ClickHouse');
      await new Promise((resolve) => setTimeout(resolve, retryEveryMs));
    }
  }
}

async function provisionOwnTopics(broker: Broker): Promise<void> {
  const { topicsOf } = await import('../../topics/catalogue.ts');
  const { provisionTopics } = await import('../../topics/provision.ts');
  await withAdmin(broker, (admin) => provisionTopics(admin, topicsOf([])));
}
