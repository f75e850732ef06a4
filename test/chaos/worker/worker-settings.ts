import type { ChaosSettings } from './chaos-pipeline.ts';
import type { MutantName } from './mutants.ts';

/** What a worker process is told, as JSON in its one argument. */
export interface WorkerSettings {
  readonly pipeline: ChaosSettings;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly workerName: string;
  readonly ledger: string;
  readonly sessionTimeoutMs: number;
  readonly mutant: MutantName | null;
}

/** What it says to its parent. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'use'; readonly heapBytes: number; readonly descriptors: number };
