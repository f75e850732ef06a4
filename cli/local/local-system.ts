import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { openClickHouse } from '../connect.ts';
import { loadPipelines } from '../load-pipelines.ts';
import { createCommandLogger } from '../logger.ts';
import { provisionPipelines } from '../topics/provision-topics.ts';
import { type OwnStack, openOwnStack } from './own-stack.ts';
import { type RoleProcess, startRole } from './role-process.ts';

export interface LocalSystemOptions {
  readonly config: Config;
  readonly modules: readonly string[];
  /** Beside the addresses of the stack: settings of the roles, e.g. PENSTOCK_HTTP_PORT. */
  readonly env: Readonly<Record<string, string>>;
  /** Told of each line; `from` is stack, gateway, worker or sink. */
  readonly onLine: (from: string, line: string) => void;
}

export interface LocalSystem {
  readonly gatewayUrl: string;
  /** The configuration with the addresses of the stack in it. */
  readonly config: Config;
  /** Rejects when a role ends unasked; never resolves. */
  readonly failed: Promise<never>;
  /** Gateway, worker, sink, stack: whoever hands on stops before whoever takes. */
  stop(): Promise<void>;
}

/** The stack, the topics, the tables, and one process each of gateway, worker and sink; resolves when all are ready. */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const stack = await openOwnStack(options.config, (line) => options.onLine('stack', line));
  const roles: RoleProcess[] = [];
  const stop = async () => {
    for (const role of roles) await role.stop();
    await stack.stop();
  };
  try {
    const config = withAddresses(options.config, stack);
    await prepare(config, options.modules);
    roles.push(...startRoles(options, config));
    const failed = Promise.race(roles.map((role) => role.failed));
    failed.catch(() => undefined);
    const gatewayUrl = `http://${config.http.host}:${config.http.port}`;
    await Promise.race([untilReady(gatewayUrl), failed]);
    return { gatewayUrl, config, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function withAddresses(config: Config, stack: OwnStack): Config {
  const { brokers, registryUrl, clickhouseUrl } = stack;
  return { ...config, brokers: [...brokers], registryUrl, clickhouse: { ...config.clickhouse, url: clickhouseUrl } };
}

async function prepare(config: Config, modules: readonly string[]): Promise<void> {
  const pipelines = await loadPipelines(config, modules);
  await provisionPipelines(config, pipelines, createCommandLogger('provision', config.logLevel));
  const { migrate } = await import('../../processors/sinks/migrate.ts');
  const clickhouse = await openClickHouse(config);
  try {
    await migrate(clickhouse);
  } finally {
    await clickhouse.close();
  }
}

function startRoles(options: LocalSystemOptions, config: Config): RoleProcess[] {
  const env = {
    PENSTOCK_BROKERS: config.brokers.join(','),
    PENSTOCK_REGISTRY_URL: config.registryUrl,
    PENSTOCK_CLICKHOUSE_URL: config.clickhouse.url,
    PENSTOCK_DATA_DIR: config.dataDir,
    PENSTOCK_HTTP_HOST: config.http.host,
    PENSTOCK_HTTP_PORT: String(config.http.port),
    ...options.env,
  };
  const modules = options.modules.flatMap((module) => ['--module', module]);
  const role = (name: string, args: string[]) =>
    startRole({ name, args: [name, ...args], env, onLine: (line) => options.onLine(name, line) });
  return [role('gateway', modules), role('worker', modules), role('sink', [])];
}

const readyLimitMs = 60_000;

async function untilReady(gatewayUrl: string): Promise<void> {
  const endsAt = Date.now() + readyLimitMs;
  while (!(await isReady(gatewayUrl))) {
    if (Date.now() > endsAt) {
      throw new PenstockError(
        'PIPE_CLI_ROLE_ENDED',
        `the gateway at ${gatewayUrl} was not ready in ${readyLimitMs} ms`,
      );
    }
    await sleep(100);
  }
}

async function isReady(gatewayUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${gatewayUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Not listening yet.
    return false;
  }
}
