import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isProcessAlive, type ProcessIdentity } from './process-identity.ts';

export interface FileLock {
  release(): Promise<void>;
}

export type LockAttempt =
  | { readonly taken: true; readonly lock: FileLock }
  | { readonly taken: false; readonly holder: ProcessIdentity };

/**
 * A lock between processes: a file that names its holder. It is void as soon as the holder has ended, however it
 * ended. Folders on the way are made.
 */
export async function tryFileLock(path: string): Promise<LockAttempt> {
  await mkdir(dirname(path), { recursive: true });
  const mine = await writeClaim(path);
  try {
    for (;;) {
      if (await linkIfAbsent(mine, path)) return { taken: true, lock: { release: () => rm(path, { force: true }) } };
      const holder = await readLockHolder(path);
      if (holder && isProcessAlive(holder)) return { taken: false, holder };
      await removeStale(path);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

/** Waits for the holder to let go or to end; `onWait` is called once, when there is something to wait for. */
export async function waitForFileLock(path: string, onWait: () => void): Promise<FileLock> {
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await tryFileLock(path);
    if (attempt.taken) return attempt.lock;
    if (isFirst) onWait();
    await delay(100);
  }
}

/** undefined: no lock there, or one that cannot be read. */
export async function readLockHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const [pid, startTime] = (await readFile(path, 'utf8')).split('\n');
    return startTime ? { pid: Number(pid), startTime } : undefined;
  } catch {
    return undefined;
  }
}

async function writeClaim(path: string): Promise<string> {
  const me = identifyProcess(process.pid);
  const claim = `${path}.${randomUUID()}`;
  await writeFile(claim, `${process.pid}\n${me?.startTime ?? 'unknown'}\n`);
  return claim;
}

/** link() fails where the name exists, and what it makes visible is complete at once. */
async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Two waiters may both see a stale lock; the second must not remove the lock that the first took meanwhile. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const holder = await readLockHolder(aside);
  if (holder && isProcessAlive(holder)) await linkIfAbsent(aside, path);
  await rm(aside, { force: true });
}
