// npm run demo, npm test, npm start, npm run bench: what a fresh machine lacks first, then the command itself.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchmarks, build, isBuildStale } from './build.mjs';
import { withLock } from './lock.mjs';
import { arePackagesInstalled, installPackages } from './packages.mjs';
import { endWith, SetupError, say } from './report.mjs';
import { prepareBrowser, prepareToolchain } from './toolchain.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lockFile = join(root, '.penstock', 'setup.lock');

/** Arguments of node for each command; `penstock NAME` where there is none. */
const programs = {
  test: [join(root, 'test', 'run.mjs')],
  bench: [join(root, benchmarks.out, 'test', 'bench', 'main.js')],
};

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new SetupError(
    'PIPE_SETUP_NODE_TOO_OLD',
    `this is Node ${process.versions.node}, and Penstock needs 20.19 or newer`,
    'Install a newer Node: https://nodejs.org, or with nvm: nvm install 22.',
  );
}

async function setUp(command) {
  const since = Date.now();
  checkNode();
  if (!arePackagesInstalled(root) || isBuildStale(root)) await withLock(lockFile, refresh);
  await prepareToolchain(root);
  if (command === 'test') await prepareBrowser();
  if (command === 'bench') await withLock(lockFile, () => build(root, benchmarks));
  say(`• ready after ${((Date.now() - since) / 1000).toFixed(1)} s\n`);
}

async function refresh() {
  if (!arePackagesInstalled(root)) await installPackages(root);
  if (isBuildStale(root)) await build(root);
}

/** Resolves with the exit code. The terminal sends Ctrl-C to the child as well: it decides when to end, not we. */
function run(name, args) {
  const program = programs[name] ?? [join(root, 'dist', 'cli', 'main.js'), name];
  const child = spawn(process.execPath, [...program, ...args], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

const [command, ...args] = process.argv.slice(2);
try {
  await setUp(command);
  if (command) process.exitCode = await run(command, args);
} catch (error) {
  endWith(error);
}
