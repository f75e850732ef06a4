import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';

/** The process that owns the embedded ClickHouse's data: `main --data-dir FOLDER --port PORT`. */
const logger = pino({ name: 'clickhouse' });

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string' }, port: { type: 'string' } } });
  const { 'data-dir': dataDir, port } = values;
  if (dataDir === undefined || port === undefined) {
    throw new PenstockError('PIPE_CONFIG_INVALID', 'usage: main --data-dir FOLDER --port PORT');
  }
  // The engine reads it once, when it is loaded: a DateTime without a zone follows the host.
  process.env.TZ = 'UTC';
  const { startClickHouseFront } = await import('./front.ts');
  const front = await startClickHouseFront({ dataDir, port: Number(port), logger, readers: readerCount() });
  const stop = () => {
    front.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
}

/** Each connection holds a thread of libuv's pool while it works; one must stay free for everything else. */
function readerCount(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  return Math.max(1, Math.min(3, threads - 2, availableParallelism()));
}

function fail(error: unknown): void {
  const remedy = error instanceof PenstockError ? error.remedy : undefined;
  logger.fatal({ code: error instanceof PenstockError ? error.code : undefined, remedy }, messageOf(error));
  process.exit(1);
}

run().catch(fail);
