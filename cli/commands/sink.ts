import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import type { Config } from '../../schemas/config.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Broker } from '../../topics/ports.ts';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { openBroker, openClickHouse, openCodec, withAdmin } from '../connect.ts';
import { endSoon } from '../end-soon.ts';
import { createLogger } from '../logger.ts';
import { untilInterrupted } from '../until-interrupted.ts';

export function registerSink(program: Command): void {
  const command = program.command('sink').description('carry the attempts from Kafka into ClickHouse');
  addConfigFlags(command, connectionFlags).action(runSink);
}

async function runSink(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const logger = createLogger('sink', config.logLevel);
  const ended = new AbortController();
  const interrupted = untilInterrupted().finally(() => ended.abort());
  const clickhouse = await openClickHouse(config);
  try {
    if (await prepareStore(clickhouse, { config, logger, signal: ended.signal }))
      await sinkUntil(interrupted, { config, clickhouse, logger });
  } finally {
    await clickhouse.close();
    endSoon();
  }
}

interface SinkParts {
  readonly config: Config;
  readonly clickhouse: ClickHouse;
  readonly logger: Logger;
}

async function sinkUntil(interrupted: Promise<NodeJS.Signals>, parts: SinkParts): Promise<void> {
  const { config, clickhouse, logger } = parts;
  const broker = await openBroker(config, 'sink', logger);
  const codec = await openCodec(config);
  await provisionOwnTopics(broker);
  const { startAttemptSink } = await import('../../processors/sinks/attempt-sink.ts');
  const { startSampleSink } = await import('../../processors/sinks/sample-sink.ts');
  const sink = await startAttemptSink({ broker, clickhouse, codec, logger });
  const samples = await startSampleSink({ broker, clickhouse, codec, logger });
  logger.info({ database: clickhouse.database }, 'the sink runs');
  try {
    const signal = await Promise.race([interrupted, sink.failed, samples.failed]);
    logger.info({ signal, ...sink.stats() }, 'the sink stops');
  } finally {
    await Promise.all([sink.stop(), samples.stop()]);
  }
}

const retryEveryMs = 2_000;

/** Waits for ClickHouse as long as it takes, then brings it to the newest schema; false: the signal ended the wait. */
async function prepareStore(
  clickhouse: ClickHouse,
  { config, logger, signal }: { config: Config; logger: Logger; signal: AbortSignal },
): Promise<boolean> {
  const { keepHistory } = await import('../../processors/sinks/keep-history.ts');
  const { migrate } = await import('../../processors/sinks/migrate.ts');
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      const applied = await migrate(clickhouse);
      const changed = await keepHistory(clickhouse, config.historyDays);
      if (changed.length > 0) logger.info({ changed }, 'rows are kept for another time');
      if (applied.length > 0) logger.info({ applied }, 'ClickHouse has the newest schema');
      return true;
    } catch (error) {
      if (!(error instanceof PenstockError && error.retryable)) throw error;
      const line = { code: error.code, error: messageOf(error), remedy: error.remedy };
      if (failures % 30 === 0) logger.warn(line, 'the sink waits for ClickHouse');
      await delay(retryEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}

async function provisionOwnTopics(broker: Broker): Promise<void> {
  const { topicsOf } = await import('../../topics/catalogue.ts');
  const { provisionTopics } = await import('../../topics/provision.ts');
  await withAdmin(broker, (admin) => provisionTopics(admin, topicsOf([])));
}
