import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createWorkspaces } from '../../../processors/stages/workspace.ts';
import { makeFolder } from './helpers.ts';

it('gives each work a folder of its own and removes it, also when the work fails', async () => {
  const root = join(await makeFolder(), 'root');
  const spaces = createWorkspaces(root);
  const both = await Promise.all([1, 2].map(() => spaces.within(async (folder) => folder)));
  expect(new Set(both).size).toBe(2);
  await expect(spaces.within(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await readdir(root)).toEqual([]);
});

it('goes on after a cleaner removed its root', async () => {
  const root = join(await makeFolder(), 'root');
  const spaces = createWorkspaces(root);
  await spaces.within(async () => undefined);
  await rm(root, { recursive: true });
  await spaces.within((folder) => writeFile(join(folder, 'x'), 'x'));
  expect(await readdir(root)).toEqual([]);
});

it('sweeps what a killed process left a day ago, and only its own', async () => {
  const root = await makeFolder();
  for (const name of ['work-old', 'work-young', 'other']) await writeFile(join(root, name), 'x');
  for (const name of ['work-old', 'other']) await utimes(join(root, name), new Date(0), new Date(0));
  await createWorkspaces(root).within(async () => undefined);
  expect((await readdir(root)).sort()).toEqual(['other', 'work-young']);
});
