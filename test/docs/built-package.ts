import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command as users get it. Builds where a source is newer than dist. */
export function builtCommand(): string {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'cli', 'setup', 'run.mjs')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the set-up failed:\n${stderr}`);
  return join(root, 'dist', 'cli', 'main.js');
}

/** The tarball that `npm publish` would send, in that folder. */
export function packInto(folder: string): string {
  builtCommand();
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim();
  return join(folder, name);
}
