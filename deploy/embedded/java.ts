import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PenstockError } from '../../schemas/errors.ts';

const run = promisify(execFile);

/** Kafka 4 runs on nothing older. */
export const minJavaMajor = 17;

export interface Java {
  /** Path, or `java` where it is found on PATH. */
  readonly command: string;
  readonly major: number;
}

/** The Java of JAVA_HOME, else of PATH; rejects with PIPE_STACK_NO_JAVA where neither is 17 or newer. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<Java> {
  const candidates = [...(env.JAVA_HOME ? [join(env.JAVA_HOME, 'bin', 'java')] : []), 'java'];
  const tooOld: string[] = [];
  for (const command of candidates) {
    const major = await javaMajor(command, env);
    if (major !== undefined && major >= minJavaMajor) return { command, major };
    if (major !== undefined) tooOld.push(`${command} is Java ${major}`);
  }
  const found = tooOld.length > 0 ? tooOld.join(', ') : 'there is none in JAVA_HOME or on PATH';
  throw new PenstockError('PIPE_STACK_NO_JAVA', `Kafka needs Java ${minJavaMajor} or newer: ${found}`);
}

async function javaMajor(command: string, env: NodeJS.ProcessEnv): Promise<number | undefined> {
  try {
    const { stdout, stderr } = await run(command, ['-version'], { env, timeout: 20_000 });
    return parseJavaMajor(stderr + stdout);
  } catch {
    return undefined; // Not there, or it does not start: as good as none.
  }
}

/** From what `java -version` prints; `1.8.0_392` is 8. */
export function parseJavaMajor(text: string): number | undefined {
  const version = /version "(?:1\.)?(\d+)/.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}
