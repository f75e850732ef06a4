import { setTimeout as delay } from 'node:timers/promises';
import { isProcessAlive, type ProcessIdentity } from './process-identity.ts';

/**
 * SIGTERM, then SIGKILL after `graceMs`, to a process that may be no child of ours, and to the group it leads.
 * Resolves when it is gone; at once when it is gone already.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isProcessAlive(identity)) return;
  signalProcess(identity.pid, 'SIGTERM');
  if (await isGoneWithin(identity, graceMs)) return;
  signalGroup(identity.pid, 'SIGKILL');
  signalProcess(identity.pid, 'SIGKILL');
  await isGoneWithin(identity, 5000);
}

async function isGoneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (isProcessAlive(identity)) {
    if (Date.now() > deadline) return false;
    await delay(30);
  }
  return true;
}

/** No error when the process has ended in the meantime. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** All processes of the group that `pid` leads, if there are any left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalProcess(-pid, signal);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}
