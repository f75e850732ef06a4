import pino from 'pino';
import { startAttemptSink } from '../../../processors/sinks/attempt-sink.ts';
import { connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { connectKafka } from '../../../topics/client.ts';

/** One sink in a process of its own, to be killed: brokers, registry, ClickHouse, database, topic, group. */
const [brokers = '', registryUrl = '', url = '', database = '', topic = '', groupId = ''] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const broker = connectKafka({ brokers: brokers.split(','), ssl: false, clientId: groupId, logger });
const sink = await startAttemptSink({
  ...{ broker, logger, topic, groupId, codec: createCodec({ registryUrl }) },
  clickhouse: connectClickHouse({ url, user: 'default', password: '', database }, { requestTimeoutMs: 3_000 }),
  // As short as Kafka allows: the next sink waits for the end of the one that was killed.
  sessionTimeoutMs: 6_000,
  limits: { maxRows: 400, maxWaitMs: 50 },
});
process.on('disconnect', () => process.exit(1));
process.send?.('runs');
await sink.failed;
