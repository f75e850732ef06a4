import { resolve } from 'node:path';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { type Component, clickhouseComponent, kafkaComponent, registryComponent } from './component.ts';
import { checkDiskSpace } from './disk-space.ts';
import { type FileLock, tryFileLock } from './file-lock.ts';
import { findJava } from './java.ts';
import { ensureKafkaJars } from './kafka-jars.ts';
import { endLeftovers } from './leftovers.ts';
import { checkPorts } from './ports.ts';
import { identifyProcess } from './process-identity.ts';
import {
  type ComponentName,
  choosePorts,
  componentNames,
  type Progress,
  portClaim,
  type StackOptions,
} from './stack-options.ts';
import { type ComponentState, lockFileOf, writeStackState } from './state-file.ts';
import { type Supervised, supervise } from './supervise.ts';

export interface RunningStack {
  /** `127.0.0.1:9092` */
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
  components(): readonly ComponentState[];
  /** Ends all components in the reverse order; the data stays. */
  stop(): Promise<void>;
}

const makers = { kafka: kafkaComponent, registry: registryComponent, clickhouse: clickhouseComponent } as const;

/**
 * Starts Kafka, the registry and ClickHouse on loopback as children of this process and keeps them alive; resolves
 * when all answer. They end with this process, even when it is killed. Rejects with PIPE_STACK_ALREADY_RUNNING,
 * _PORT_IN_USE, _DISK_FULL, _NO_JAVA, _NO_MAVEN, _JARS_UNAVAILABLE or _COMPONENT_FAILED, and leaves nothing running.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const dataDir = resolve(options.dataDir);
  const progress = options.onProgress ?? (() => {});
  await checkDiskSpace(dataDir);
  const lock = await lockDataDir(dataDir);
  try {
    await endLeftovers(dataDir, progress);
    return await startLocked({ ...options, dataDir, onProgress: progress }, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function lockDataDir(dataDir: string): Promise<FileLock> {
  const attempt = await tryFileLock(lockFileOf(dataDir));
  if (attempt.taken) return attempt.lock;
  const { pid } = attempt.holder;
  throw new PenstockError('PIPE_STACK_ALREADY_RUNNING', `process ${pid} already runs a stack in ${dataDir}`);
}

async function startLocked(
  options: Required<Omit<StackOptions, 'only' | 'jvmOptions'>> & StackOptions,
  lock: FileLock,
) {
  const { dataDir, onProgress, jvmOptions = [] } = options;
  const ports = await choosePorts(options);
  const names = componentNames.filter((name) => options.only?.includes(name) ?? true);
  await checkPorts(names.map((name) => portClaim(name, ports[name])));
  if (names.includes('kafka')) await prepareJava(onProgress);
  const components = names.map((name) => makers[name]({ dataDir, port: ports[name], onProgress, jvmOptions }));
  const supervised = superviseAll(dataDir, components, onProgress);
  await startAll(supervised, onProgress);
  return {
    brokers: [`127.0.0.1:${ports.kafka}`],
    registryUrl: `http://127.0.0.1:${ports.registry}`,
    clickhouseUrl: `http://127.0.0.1:${ports.clickhouse}`,
    components: () => supervised.map((one) => one.state()),
    stop: async () => {
      await stopAll(supervised);
      await lock.release();
    },
  };
}

/** Before anything is started: both may fail, and both may take long. */
async function prepareJava(onProgress: Progress): Promise<void> {
  await findJava();
  await ensureKafkaJars(onProgress);
}

function superviseAll(dataDir: string, components: readonly Component[], onProgress: Progress): readonly Supervised[] {
  const supervisor = identifyProcess(process.pid) ?? { pid: process.pid, startTime: 'unknown' };
  const save = () => {
    try {
      writeStackState(dataDir, { version: 1, supervisor, components: supervised.map((one) => one.state()) });
    } catch (error) {
      // A disk that fills up later must not take the running components down.
      onProgress(`cannot write the state of the stack: ${messageOf(error)}`);
    }
  };
  const supervised = components.map((component) => supervise(component, save, onProgress));
  return supervised;
}

/** All at once: none needs another to start. */
async function startAll(supervised: readonly Supervised[], onProgress: Progress): Promise<void> {
  const starts = supervised.map(async (one) => {
    const { name, port } = one.component;
    onProgress(`starting ${name} on port ${port}`);
    const since = Date.now();
    await one.start();
    onProgress(`${name} is ready after ${((Date.now() - since) / 1000).toFixed(1)} s`);
  });
  try {
    await Promise.all(starts);
  } catch (error) {
    await stopAll(supervised);
    await Promise.allSettled(starts);
    throw error;
  }
}

async function stopAll(supervised: readonly Supervised[]): Promise<void> {
  for (const one of supervised.toReversed()) await one.stop();
}

export type { ComponentName, StackOptions };
