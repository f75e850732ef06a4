import { realpath } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { PenstockError } from '../../schemas/errors.ts';

const isBelow = (base: string, path: string): boolean => {
  const way = relative(base, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && resolve(base, way) === path;
};

/** The path of `name` below the base, by its text alone. Throws PIPE_BLOB_KEY_INVALID when it leads out. */
export function pathBelow(base: string, name: string): string {
  const path = resolve(base, name);
  if (name.includes('\0') || !isBelow(base, path)) throw leadsOut(name);
  return path;
}

/** The same, asked of the file system: no folder on the way to a file may be a link that leads out of the base. */
export function folderGuard(base: string): (path: string) => Promise<void> {
  let realBase: string | undefined;
  return async (path) => {
    const realFolder = await realpath(dirname(path));
    if (realBase !== undefined && isWithin(realBase, realFolder)) return;
    // The base may be a link that was pointed elsewhere meanwhile.
    realBase = await realpath(base);
    if (!isWithin(realBase, realFolder)) throw leadsOut(relative(base, path));
  };
}

const isWithin = (base: string, path: string): boolean => path === base || isBelow(base, path);

const leadsOut = (name: string): PenstockError =>
  new PenstockError('PIPE_BLOB_KEY_INVALID', `${JSON.stringify(name.slice(0, 80))} leads out of its folder`);
