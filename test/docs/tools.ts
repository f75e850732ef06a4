import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { waitForFileLock } from '../../deploy/embedded/file-lock.ts';

const pythonPackages = ['confluent-kafka[avro,schemaregistry]==2.16.0', 'requests==2.32.5'];

/**
 * What the pages use beside Node: kcat, and a Python with confluent-kafka and requests in the cache. Installed on a Debian machine
 * where we are root; elsewhere an error says what to install. Resolves with the folder of that Python's commands.
 */
export async function prepareTools(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'penstock');
  mkdirSync(cache, { recursive: true });
  const lock = await waitForFileLock(join(cache, 'docs-tools.lock'), () => {});
  try {
    if (!works('kcat', ['-V'])) installFromDebian('kcat');
    return preparePython(join(cache, 'docs-python-2.16.0-requests-2.32.5'));
  } finally {
    await lock.release();
  }
}

function preparePython(folder: string): string {
  const marker = join(folder, 'ready');
  if (!existsSync(marker)) {
    if (!works('python3', ['-c', 'import ensurepip, venv'])) installFromDebian('python3-venv');
    must('python3', ['-m', 'venv', '--clear', folder]);
    must(join(folder, 'bin', 'python3'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...pythonPackages,
    ]);
    writeFileSync(marker, `${pythonPackages.join('\n')}\n`);
  }
  return join(folder, 'bin');
}

function installFromDebian(name: string): void {
  const isOurs = existsSync('/etc/debian_version') && process.getuid?.() === 0;
  if (!isOurs) throw new Error(`the examples of the docs need ${name}: install it (Debian: apt-get install ${name})`);
  const install = ['install', '--yes', '--no-install-recommends', name];
  if (works('apt-get', install)) return;
  must('apt-get', ['update']);
  must('apt-get', install);
}

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function must(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const said = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.slice(-2_000);
  throw new Error(`the examples of the docs need ${command} ${args.join(' ')}, which failed:\n${said}`);
}
