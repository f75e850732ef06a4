// npm run build: TypeScript and the files that go with it, into dist; for npm run bench, the benchmarks with them.
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { endWith, lastLines, runQuietly, SetupError, say } from './report.mjs';

const folders = ['schemas', 'topics', 'processors', 'gateway', 'cli', 'deploy', 'client'];
const configFiles = ['tsconfig.json', 'tsconfig.build.json', 'package.json'];
const stampOf = (root) => join(root, 'dist', '.built');

/** Whether a source, or a folder's list of them, is newer than dist. */
export function isBuildStale(root) {
  const built = statSync(stampOf(root), { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return true;
  const isNewer = (path) => statSync(path).mtimeMs > built;
  if (configFiles.some((name) => isNewer(join(root, name)))) return true;
  return folders.some((name) => {
    const folder = join(root, name);
    return isNewer(folder) || readdirSync(folder, { recursive: true }).some((entry) => isNewer(join(folder, entry)));
  });
}

const product = { project: 'tsconfig.build.json', out: 'dist' };
/** Benchmarks run compiled, as users run it: the loader of the sources names every closure anew. */
export const benchmarks = { project: join('test', 'bench', 'tsconfig.json'), out: '.dist-bench' };

/** Builds aside and swaps, so that dist is never half of one build and half of another. */
export async function build(root, { project, out } = product) {
  say(`• build: TypeScript into ${out}`);
  const started = new Date();
  const fresh = join(root, `.dist-${process.pid}`);
  try {
    await compile(root, project, fresh);
    for (const folder of folders) copyAssets(join(root, folder), join(fresh, folder));
    await writeDashboard(root, join(fresh, 'gateway', 'dashboard', 'files'));
    const stamp = join(fresh, '.built');
    writeFileSync(stamp, started.toISOString());
    swap(join(root, out), fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function compile(root, project, outDir) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', project, '--outDir', outDir];
  const { ok, output } = await runQuietly('tsc', process.execPath, args, { cwd: root });
  if (ok) return;
  const message = `the sources do not compile:\n    ${lastLines(output, 20)}`;
  throw new SetupError('PIPE_SETUP_BUILD_FAILED', message, 'Mend the lines above (npm run types shows all of them).');
}

/** Imported here, because esbuild may have been installed a moment ago. */
async function writeDashboard(root, folder) {
  const { bundleDashboard } = await import(pathToFileURL(join(root, 'gateway', 'dashboard', 'bundle.mjs')).href);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await bundleDashboard()) writeFileSync(join(folder, name), bytes);
}

/** All that is neither code nor for readers: schemas, SQL, Kafka's properties. */
function copyAssets(from, to) {
  const isAsset = (path) =>
    !['.ts', '.mjs', '.md'].includes(extname(path)) && !['setup', 'app'].includes(basename(path));
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (!isAsset(source)) continue;
    if (entry.isDirectory()) copyAssets(source, join(to, entry.name));
    else {
      mkdirSync(to, { recursive: true });
      cpSync(source, join(to, entry.name));
    }
  }
}

function swap(built, fresh) {
  const old = `${fresh}-old`;
  if (statSync(built, { throwIfNoEntry: false })) renameSync(built, old);
  renameSync(fresh, built);
  rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(fileURLToPath(new URL('../..', import.meta.url))).catch(endWith);
}
