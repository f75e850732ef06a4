import pino from 'pino';
import { type AttemptSink, startAttemptSink } from '../../../../processors/sinks/attempt-sink.ts';
import { connectClickHouse } from '../../../../processors/sinks/clickhouse.ts';
import { migrate } from '../../../../processors/sinks/migrate.ts';
import { createCodec } from '../../../../schemas/codec.ts';
import { connectKafka } from '../../../../topics/client.ts';
import { until } from '../../../helpers/until.ts';
import type { Place } from '../../engine/workload.ts';
import { serve } from '../../serve.ts';

/** The sink in a process of its own. */

let sink: AttemptSink | undefined;
let rowsBefore = 0;
const rows = (): number => rowsBefore + (sink?.stats().rows ?? 0);

serve({
  async start({ place, clickhouseUrl }: { place: Place; clickhouseUrl: string }) {
    const clickhouse = connectClickHouse({ url: clickhouseUrl, user: 'default', password: '', database: 'bench' });
    await migrate(clickhouse);
    sink = await startAttemptSink({
      broker: connectKafka({ brokers: place.brokers, clientId: 'bench-sink' }),
      clickhouse,
      codec: createCodec({ registryUrl: place.registryUrl }),
      logger: pino({ level: 'warn' }, process.stderr),
    });
  },
  /** Resolves when so many rows are stored, since the first start. */
  async stored({ count }: { count: number }) {
    await until(`${count} rows`, () => (rows() >= count ? true : undefined), 300_000);
  },
  async stop() {
    await sink?.stop();
    rowsBefore = rows();
    sink = undefined;
  },
});
