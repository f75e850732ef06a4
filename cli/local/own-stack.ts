import { resolve } from 'node:path';
import { reportStack } from '../../deploy/embedded/stack-status.ts';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';

export interface OwnStack {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
  /** Ends it, unless it ran before. */
  stop(): Promise<void>;
}

/** The stack that runs in the data folder already, or one started now. Rejects as startStack does. */
export async function openOwnStack(config: Config, onProgress: (line: string) => void): Promise<OwnStack> {
  return (await findRunning(config.dataDir, onProgress)) ?? start(config, onProgress);
}

async function start(config: Config, onProgress: (line: string) => void): Promise<OwnStack> {
  const { startStack } = await import('../../deploy/embedded/stack.ts');
  return startStack({ dataDir: resolve(config.dataDir), ...config.stack, onProgress });
}

async function findRunning(dataDir: string, onProgress: (line: string) => void): Promise<OwnStack | undefined> {
  const report = await reportStack(dataDir);
  if (report.supervisorPid === null) return undefined;
  const portOf = (name: string) => report.components.find((one) => one.name === name)?.port;
  const [kafka, registry, clickhouse] = [portOf('kafka'), portOf('registry'), portOf('clickhouse')];
  if (!report.isHealthy || !kafka || !registry || !clickhouse) {
    throw new PenstockError(
      'PIPE_STACK_ALREADY_RUNNING',
      `process ${report.supervisorPid} runs a stack in ${dataDir} that is not complete or not healthy`,
    );
  }
  onProgress(`using the stack that runs in ${dataDir} (process ${report.supervisorPid})`);
  return {
    brokers: [`127.0.0.1:${kafka}`],
    registryUrl: `http://127.0.0.1:${registry}`,
    clickhouseUrl: `http://127.0.0.1:${clickhouse}`,
    stop: async () => {},
  };
}
