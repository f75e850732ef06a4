import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLockHolder, tryFileLock, waitForFileLock } from '../../deploy/embedded/file-lock.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

test('of many that try at once one gets the lock, and the others learn who has it', async () => {
  const folder = makeTempDir();
  const attempts = await Promise.all(Array.from({ length: 20 }, () => tryFileLock(join(folder, 'sub', 'lock'))));
  expect(attempts.filter((one) => one.taken)).toHaveLength(1);
  for (const one of attempts) if (!one.taken) expect(one.holder.pid).toBe(process.pid);
  expect(readdirSync(join(folder, 'sub'))).toEqual(['lock']);
});

test.each([
  ['of a process that ended', '999999999\n12345\n'],
  ['of a pid that another process has now', `${process.pid}\nlong ago\n`],
  ['that was written half', '12'],
  ['that is empty', ''],
])('a lock %s is void, and one of many takes it over', async (_what, content) => {
  const path = join(makeTempDir(), 'lock');
  writeFileSync(path, content);
  const attempts = await Promise.all(Array.from({ length: 10 }, () => tryFileLock(path)));
  expect(attempts.filter((one) => one.taken)).toHaveLength(1);
  expect((await readLockHolder(path))?.pid).toBe(process.pid);
});

test('who waits gets the lock when it is released', async () => {
  const path = join(makeTempDir(), 'lock');
  const first = await tryFileLock(path);
  let hasWaited = false;
  const second = waitForFileLock(path, () => {
    hasWaited = true;
    if (first.taken) void first.lock.release();
  });
  await (await second).release();
  expect(hasWaited).toBe(true);
  expect(await readLockHolder(path)).toBeUndefined();
});
