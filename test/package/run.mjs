// Packs Penstock, installs it into an empty folder, and uses it as a stranger would: types, imports, the command.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'penstock-package-'));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function run(command, args, cwd = folder) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const answer = (stdout ?? '').trim();
  return { isGood: status === 0, answer, output: `${answer}\n${stderr ?? ''}${error?.message ?? ''}` };
}

function must(what, { isGood, answer, output }, isRight = () => true) {
  if (!isGood || !isRight(answer)) throw new Error(`${what} failed:\n${output}`);
  process.stderr.write(`  ${what}\n`);
}

function compile(file) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return run(process.execPath, [
    ...[tsc, '--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--types', 'node'],
    ...['--typeRoots', join(root, 'node_modules', '@types'), '--outDir', folder, join(folder, file)],
  ]);
}

function main() {
  const publint = join(root, 'node_modules', 'publint', 'src', 'cli.js');
  must('publint', run(process.execPath, [publint, '--strict'], root));
  must('npm pack', run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root));
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }\n');
  const frugal = ['--prefer-offline', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'];
  must('npm install', run('npm', ['install', ...frugal, join(folder, `penstock-${version}.tgz`)]));
  for (const file of ['good.ts', 'bad.ts'])
    copyFileSync(join(root, 'test', 'package', 'user', file), join(folder, file));
  must('a stage of a stranger compiles', compile('good.ts'));
  const bad = compile('bad.ts');
  must('a wrong one does not', { ...bad, isGood: !bad.isGood }, (answer) => answer.includes("'c' does not exist"));
  must('imports', run(process.execPath, ['good.js']), (answer) => answer === 'sums: add, show; function function');
  must('penstock --version', run('npx', ['--no-install', 'penstock', '--version']), (answer) => answer === version);
  must('penstock --help', run('npx', ['--no-install', 'penstock', '--help']), (answer) => answer.includes('doctor'));
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
