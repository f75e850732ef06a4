import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
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
      const content = await readContent(path);
      const holder = parseHolder(content);
      if (holder && isProcessAlive(holder)) return { taken: false, holder };
      if (content !== undefined) await removeStale(path, content);
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
  return parseHolder(await readContent(path));
}

function parseHolder(content = ''): ProcessIdentity | undefined {
  const [pid, startTime] = content.split('\n');
  return startTime ? { pid: Number(pid), startTime } : undefined;
}

function readContent(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function writeClaim(path: string): Promise<string> {
  const me = identifyProcess(process.pid);
  const claim = `${path}.${randomUUID()}`;
  await writeFile(claim, `${process.pid}\n${me?.startTime ?? 'unknown'}\n${randomUUID()}\n`);
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

/**
 * Of many that see the same stale lock only the one that holds the right to remove that very content may do so: or
 * the second would remove the lock that the first has taken meanwhile.
 */
async function removeStale(path: string, content: string): Promise<void> {
  const fingerprint = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const right = await tryFileLock(`${path}.${fingerprint}`);
  if (!right.taken) {
    await delay(10);
    return;
  }
  if ((await readContent(path)) === content) await rm(path, { force: true });
  await right.lock.release();
}
