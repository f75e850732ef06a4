import { parseArgs } from 'node:util';
import pino from 'pino';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';
import { startRegistry } from './server.ts';

/** The process of the embedded registry: `main --data-dir FOLDER --port PORT`. */
const logger = pino({ name: 'registry' });

async function run(): Promise<void> {
  const { values } = parseArgs({ options: { 'data-dir': { type: 'string' }, port: { type: 'string' } } });
  const { 'data-dir': dataDir, port } = values;
  if (dataDir === undefined || port === undefined) {
    throw new PenstockError('PIPE_CONFIG_INVALID', 'usage: main --data-dir FOLDER --port PORT');
  }
  const registry = await startRegistry({ dataDir, port: Number(port) });
  logger.info({ port: registry.port }, 'the registry is ready');
  const stop = () => {
    registry.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop).once('disconnect', stop);
}

function fail(error: unknown): void {
  const named = error instanceof PenstockError ? { code: error.code, remedy: error.remedy } : {};
  logger.fatal(named, messageOf(error));
  process.exit(1);
}

run().catch(fail);
