import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sweepTemporaryFiles } from '../blobs/atomic-file.ts';

export interface Workspaces {
  /** Gives the work a folder of its own and removes it afterwards, whatever happens. */
  within<T>(work: (folder: string) => Promise<T>): Promise<T>;
}

const prefix = 'work-';

/** Folders below `root`, readable by this user alone; what a killed process left is swept after a day. */
export function createWorkspaces(root: string): Workspaces {
  let swept: Promise<unknown> | undefined;
  return {
    async within(work) {
      // Each time: cleaners of temporary folders remove it under a worker that runs for weeks.
      await mkdir(root, { recursive: true, mode: 0o700 });
      swept ??= sweepTemporaryFiles(root, (name) => name.startsWith(prefix)).catch((error: unknown) => {
        swept = undefined;
        throw error;
      });
      await swept;
      const folder = await mkdtemp(join(root, prefix));
      try {
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
