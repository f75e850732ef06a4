import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { checkDiskSpace, isDiskFull } from './disk-space.ts';
import { waitForFileLock } from './file-lock.ts';
import type { Progress } from './stack-options.ts';

const run = promisify(execFile);

export const kafkaVersion = '4.3.1';
const downloadLimitMs = 10 * 60_000;
const pomFile = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

export function kafkaHome(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'penstock', `kafka-${kafkaVersion}`);
}

/** Whether the jars that pom.xml names are all in the cache. */
export async function hasKafkaJars(home: string = kafkaHome()): Promise<boolean> {
  const marker = await readFile(markerOf(home), 'utf8').catch(() => '');
  return marker === (await wantedMarker());
}

/**
 * The folder whose lib/ holds the broker's jars, downloading them with Maven the first time. Two at once are safe.
 * Rejects with PIPE_STACK_NO_MAVEN, PIPE_STACK_DISK_FULL or PIPE_STACK_JARS_UNAVAILABLE.
 */
export async function ensureKafkaJars(onProgress: Progress): Promise<string> {
  const home = kafkaHome();
  if (await hasKafkaJars(home)) return home;
  await checkDiskSpace(dirname(home));
  const lock = await waitForFileLock(`${home}.lock`, () => onProgress('waiting for another download of Kafka'));
  try {
    if (!(await hasKafkaJars(home))) await download(home, onProgress);
  } finally {
    await lock.release();
  }
  return home;
}

async function download(home: string, onProgress: Progress): Promise<void> {
  onProgress(`downloading Kafka ${kafkaVersion} with Maven (55 MB, once)`);
  const folder = await mkdtemp(`${home}.part-`);
  try {
    await mkdir(join(folder, 'lib'));
    await cp(pomFile, join(folder, 'pom.xml'));
    await copyDependencies(folder);
    await writeFile(markerOf(folder), await wantedMarker());
    await rm(home, { recursive: true, force: true });
    await rename(folder, home);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyDependencies(folder: string): Promise<void> {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = [
    '-B',
    '-q',
    '-Dstyle.color=never',
    '-f',
    join(folder, 'pom.xml'),
    goal,
    `-DoutputDirectory=${join(folder, 'lib')}`,
  ];
  try {
    await run('mvn', args, { timeout: downloadLimitMs, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    throw explainMaven(error);
  }
}

/** Maven tells its troubles on stdout. */
export function explainMaven(error: unknown): PenstockError {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return new PenstockError('PIPE_STACK_NO_MAVEN', 'the command mvn is not there, and Kafka’s jars come with it');
  }
  const output = error instanceof Error && 'stdout' in error ? stripVTControlCharacters(String(error.stdout)) : '';
  const firstError = /^\[ERROR\]\s*(.+)$/m.exec(output)?.[1]?.slice(0, 400) ?? messageOf(error).slice(0, 400);
  if (isDiskFull(output)) return new PenstockError('PIPE_STACK_DISK_FULL', firstError, { cause: error });
  return new PenstockError('PIPE_STACK_JARS_UNAVAILABLE', `Maven could not bring Kafka’s jars: ${firstError}`, {
    cause: error,
  });
}

const markerOf = (home: string): string => join(home, 'complete');

/** Another pom means other jars. */
async function wantedMarker(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(pomFile))
    .digest('hex');
}

export function hasMaven(): Promise<boolean> {
  return run('mvn', ['--version'], { timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}
