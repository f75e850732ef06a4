import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';
import type { ComponentName } from './stack-options.ts';

export interface ComponentState {
  readonly name: ComponentName;
  readonly port: number;
  readonly logFile: string;
  readonly status: 'starting' | 'running' | 'restarting' | 'stopped';
  readonly processes: readonly ProcessIdentity[];
  /** How often it died by itself and came back since the stack was started. */
  readonly restarts: number;
  /** Epoch ms of the latest start. */
  readonly startedAt?: number;
  /** How it ended the last time it died by itself. */
  readonly lastExit?: string;
}

export interface StackState {
  readonly version: 1;
  readonly supervisor: ProcessIdentity;
  readonly components: readonly ComponentState[];
}

export const stateFileOf = (dataDir: string): string => join(dataDir, 'stack.json');
export const lockFileOf = (dataDir: string): string => join(dataDir, 'stack.lock');

/** Replaced whole, so that a reader never sees half of it. */
export function writeStackState(dataDir: string, state: StackState): void {
  const file = stateFileOf(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** undefined: no stack was ever started here, or the file is damaged. */
export function readStackState(dataDir: string): StackState | undefined {
  try {
    const state: unknown = JSON.parse(readFileSync(stateFileOf(dataDir), 'utf8'));
    return isStackState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isStackState(value: unknown): value is StackState {
  return (
    isObject(value) &&
    value.version === 1 &&
    isProcess(value.supervisor) &&
    Array.isArray(value.components) &&
    value.components.every(
      (component: unknown) =>
        isObject(component) && Array.isArray(component.processes) && component.processes.every(isProcess),
    )
  );
}

function isProcess(value: unknown): value is ProcessIdentity {
  return isObject(value) && Number.isSafeInteger(value.pid) && typeof value.startTime === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
