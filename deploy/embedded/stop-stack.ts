import { resolve } from 'node:path';
import { endProcess } from './end-process.ts';
import { tryFileLock } from './file-lock.ts';
import { endLeftovers } from './leftovers.ts';
import type { Progress } from './stack-options.ts';
import { findSupervisor } from './stack-status.ts';
import { lockFileOf } from './state-file.ts';

/** Longer than the sum of the components' own limits. */
const supervisorGraceMs = 60_000;

/** Ends the stack of a data folder, whoever started it, and what a killed one left; false: nothing ran. */
export async function stopStack(dataDir: string, onProgress: Progress): Promise<boolean> {
  const folder = resolve(dataDir);
  const supervisor = await findSupervisor(folder);
  if (supervisor) {
    onProgress(`ending the stack (process ${supervisor.pid})`);
    await endProcess(supervisor, supervisorGraceMs);
  }
  const attempt = await tryFileLock(lockFileOf(folder));
  if (!attempt.taken) return supervisor !== undefined;
  try {
    const ended = await endLeftovers(folder, onProgress);
    return supervisor !== undefined || ended > 0;
  } finally {
    await attempt.lock.release();
  }
}
