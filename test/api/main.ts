import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startStack } from '../../deploy/embedded/stack.ts';
import { startGateway } from '../../gateway/server.ts';
import { connectClickHouse } from '../../processors/sinks/clickhouse.ts';
import { migrate } from '../../processors/sinks/migrate.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { connectKafka } from '../../topics/client.ts';
import { provisionTopics } from '../../topics/provision.ts';

/**
 * `npm run test:api -- [arguments of schemathesis]`: schemathesis makes requests out of the OpenAPI document, good and
 * bad ones, and compares the answers with it. Its exit code is ours.
 */

const own = (file: string): string => join(import.meta.dirname, file);
const schemathesis = 'schemathesis==4.32.5';
const pipelines = [{ name: 'assets', stages: [{ name: 'download', input: downloadTaskSchema, partitions: 3 }] }];

async function main(args: readonly string[]): Promise<number> {
  const command = prepareSchemathesis();
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-api-'));
  const stack = await startStack({ dataDir, kafkaPort: 0, registryPort: 0, clickhousePort: 0 });
  try {
    const config = loadConfig({ PENSTOCK_CLICKHOUSE_URL: stack.clickhouseUrl, PENSTOCK_DATA_DIR: dataDir });
    const broker = connectKafka({ brokers: stack.brokers, clientId: 'api-test' });
    const admin = await broker.admin();
    await provisionTopics(admin, topicsOf(pipelines));
    await admin.close();
    const clickhouse = connectClickHouse(config.clickhouse);
    await migrate(clickhouse);
    await clickhouse.close();
    const codec = createCodec({ registryUrl: stack.registryUrl });
    const logger = pino({ level: 'warn' }, process.stderr);
    const gateway = await startGateway({ config, broker, codec, pipelines, logger }, { host: '127.0.0.1', port: 0 });
    const code = await run(
      command,
      ['--config-file', own('schemathesis.toml'), 'run', `${gateway.url}/openapi.json`, ...args],
      dataDir,
    );
    await gateway.stop();
    return code;
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<number> {
  const env = { ...process.env, SCHEMATHESIS_HOOKS: own('hooks.py') };
  const child = spawn(command, args, { stdio: 'inherit', cwd, env });
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

/** A virtual environment in the cache. */
function prepareSchemathesis(): string {
  const folder = join(
    process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'penstock',
    schemathesis.replace('==', '-'),
  );
  const command = join(folder, 'bin', 'schemathesis');
  if (existsSync(command)) return command;
  mkdirSync(folder, { recursive: true });
  must('python3', ['-m', 'venv', '--clear', folder]);
  must(join(folder, 'bin', 'python3'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    schemathesis,
  ]);
  return command;
}

function must(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: Python 3 with venv and pip is needed`);
}

process.exitCode = await main(process.argv.slice(2));
