import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PenstockError } from '../../schemas/errors.ts';
import { packageRoot } from '../package-version.ts';

export interface DemoFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

export interface DemoFiles {
  /** Up to 200 KB each; images come often. */
  readonly usual: readonly DemoFile[];
  /** Up to 1.5 MB each; one task in fifty takes one. */
  readonly large: readonly DemoFile[];
}

const usualBytes = 200_000;
const largeBytes = 1_500_000;
/** The data set has three images and some sixty tables: each image stands five times. */
const imageWeight = 5;

/** Real files that nobody here made: the package vega-datasets. Rejects with PIPE_CLI_DEMO_INCOMPLETE where it is not installed. */
export async function loadDemoFiles(): Promise<DemoFiles> {
  const folder = join(packageRoot(), 'node_modules', 'vega-datasets', 'data');
  if (!existsSync(folder)) {
    throw new PenstockError(
      'PIPE_CLI_DEMO_INCOMPLETE',
      'the demo’s files are missing: run it in a clone, after npm ci',
    );
  }
  const names = (await readdir(folder)).filter((name) => /\.(csv|json|png|tsv)$/.test(name)).sort();
  const files = await Promise.all(names.map((name) => loadFile(folder, name)));
  const known = files.filter((file) => file !== undefined);
  const usual = known.filter(({ bytes }) => bytes.length <= usualBytes);
  const images = usual.filter(({ name }) => name.endsWith('.png'));
  const extra = Array.from({ length: imageWeight - 1 }, () => images).flat();
  return { usual: [...usual, ...extra], large: known.filter(({ bytes }) => bytes.length > usualBytes) };
}

async function loadFile(folder: string, name: string): Promise<DemoFile | undefined> {
  const path = join(folder, name);
  const { size } = await stat(path);
  if (size > largeBytes) return undefined;
  const bytes = await readFile(path);
  return { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
