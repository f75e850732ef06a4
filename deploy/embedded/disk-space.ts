import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { messageOf, PenstockError } from '../../schemas/errors.ts';

const mebibyte = 1024 * 1024;
/** Kafka and ClickHouse write at start already, and both fail in unclear ways on a full disk. */
export const minFreeMiB = 500;

/** Rejects with PIPE_STACK_DATA_DIR where the folder cannot be made. Not mkdir of fs/promises: below /proc it never answers. */
export function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new PenstockError('PIPE_STACK_DATA_DIR', `the folder cannot be made: ${messageOf(cause)}`, { cause });
  }
}

export async function freeMiB(folder: string): Promise<number> {
  makeDataFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / mebibyte);
}

/** Makes the folder; rejects with PIPE_STACK_DISK_FULL when less than `minFreeMiB` are free there. */
export async function checkDiskSpace(folder: string): Promise<void> {
  const free = await freeMiB(folder);
  if (free < minFreeMiB) {
    throw new PenstockError('PIPE_STACK_DISK_FULL', `${free} MiB are free in ${folder}, ${minFreeMiB} are needed`);
  }
}

export function isDiskFull(text: string): boolean {
  return /ENOSPC|No space left on device|Disk quota exceeded/i.test(text);
}
