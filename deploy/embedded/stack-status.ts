import { resolve } from 'node:path';
import { readLockHolder } from './file-lock.ts';
import { probeHttp, probeKafka } from './health.ts';
import { isProcessAlive, type ProcessIdentity } from './process-identity.ts';
import type { ComponentName } from './stack-options.ts';
import { type ComponentState, lockFileOf, readStackState } from './state-file.ts';

export interface ComponentReport extends ComponentState {
  readonly isHealthy: boolean;
}

export interface StackReport {
  readonly dataDir: string;
  /** The process that keeps the components alive; null: no stack runs here. */
  readonly supervisorPid: number | null;
  /** All components answer. */
  readonly isHealthy: boolean;
  readonly components: readonly ComponentReport[];
}

const probes: Readonly<Record<ComponentName, (port: number) => Promise<boolean>>> = {
  kafka: probeKafka,
  registry: (port) => probeHttp(port, '/subjects'),
  clickhouse: (port) => probeHttp(port, '/ping'),
};

/** The live process that holds the data folder, if there is one. */
export async function findSupervisor(dataDir: string): Promise<ProcessIdentity | undefined> {
  const holder = await readLockHolder(lockFileOf(resolve(dataDir)));
  return holder && isProcessAlive(holder) ? holder : undefined;
}

/** What runs in a data folder, asked of the components themselves. */
export async function reportStack(dataDir: string): Promise<StackReport> {
  const supervisor = await findSupervisor(dataDir);
  const states = readStackState(resolve(dataDir))?.components ?? [];
  const components = await Promise.all(states.map(reportComponent));
  const isHealthy = supervisor !== undefined && components.length > 0 && components.every((one) => one.isHealthy);
  return { dataDir: resolve(dataDir), supervisorPid: supervisor?.pid ?? null, isHealthy, components };
}

/** What the file says of a stack whose supervisor was killed is not true any more. */
async function reportComponent(state: ComponentState): Promise<ComponentReport> {
  const processes = state.processes.filter(isProcessAlive);
  if (processes.length === 0 && state.status !== 'restarting' && state.status !== 'starting') {
    return { ...state, processes, status: 'stopped', isHealthy: false };
  }
  return { ...state, processes, isHealthy: await probes[state.name](state.port) };
}
