import { readdir, readFile, readlink } from 'node:fs/promises';

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

const listening = '0A';

/** Who listens on a TCP port, where the system tells (Linux, and processes we may look at). */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  if (process.platform !== 'linux') return undefined;
  const inodes = new Set([...(await inodesOf('/proc/net/tcp', port)), ...(await inodesOf('/proc/net/tcp6', port))]);
  if (inodes.size === 0) return undefined;
  for (const entry of await listOrNothing('/proc')) {
    if (/^\d+$/.test(entry) && (await holdsSocket(entry, inodes))) {
      const command = (await readOrNothing(`/proc/${entry}/comm`)).trim();
      return { pid: Number(entry), command };
    }
  }
  return undefined;
}

async function inodesOf(table: string, port: number): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readOrNothing(table)).split('\n').map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    state === listening && local?.endsWith(suffix) && inode ? [inode] : [],
  );
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await listOrNothing(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode && inodes.has(inode)) return true;
  }
  return false;
}

/** Processes end while we look, and those of other users are closed to us. */
const listOrNothing = (path: string): Promise<string[]> => readdir(path).catch(() => []);
const readOrNothing = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
