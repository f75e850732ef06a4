import { findFreePort, isPortFree } from '../../deploy/embedded/ports.ts';
import { reportStack } from '../../deploy/embedded/stack-status.ts';
import type { Config } from '../../schemas/config.ts';

const names = ['kafkaPort', 'registryPort', 'clickhousePort'] as const;
const variables = { kafkaPort: 'KAFKA', registryPort: 'REGISTRY', clickhousePort: 'CLICKHOUSE' } as const;

/**
 * A first look should not fail because something else holds a usual port: where the user chose none, a taken one is
 * replaced by a free one. Ports that were chosen stay, and fail clearly.
 */
export async function demoPorts(config: Config, env: NodeJS.ProcessEnv): Promise<Config> {
  if ((await reportStack(config.dataDir)).supervisorPid !== null) return config;
  const stack = { ...config.stack };
  for (const name of names) {
    const chosen = env[`PENSTOCK_${variables[name]}_PORT`];
    if (!chosen && !(await isPortFree(stack[name]))) stack[name] = await findFreePort();
  }
  return { ...config, stack };
}

/** The usual port when it is free and the demo stays up; any free one otherwise. */
export async function demoHttpPort(config: Config, keep: boolean, env: NodeJS.ProcessEnv): Promise<number> {
  if (env.PENSTOCK_HTTP_PORT) return config.http.port;
  return keep && (await isPortFree(config.http.port)) ? config.http.port : findFreePort();
}
