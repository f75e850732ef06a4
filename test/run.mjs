// npm test, after the set-up: every check in turn, all of them even when one fails, and a plain count at the end.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'penstock-count-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function say(line) {
  process.stderr.write(`${line}\n`);
}

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function count(name, result) {
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  if (result.failed > 0) failures.push(name);
}

/** One check, one count. */
function check(name, command, args) {
  say(`\n▸ ${name}`);
  const isGood = run(command, args);
  count(name, { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0 });
}

function vitestArgs(project) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportOf(project)}`];
  return [vitest, 'run', '--project', project, ...reporters];
}

const reportOf = (project) => join(scratch, `${project}.json`);

function vitest(project) {
  say(`\n▸ vitest, ${project}`);
  countVitest(project, run(process.execPath, vitestArgs(project)));
}

/** At the same time, each with a stack of its own; what the later ones say comes when they have ended. */
async function vitestAtOnce(first, ...others) {
  say(`\n▸ vitest, ${[first, ...others].join(' and ')}`);
  const later = others.map((project) => {
    const log = join(scratch, `${project}.log`);
    const output = openSync(log, 'w');
    const exit = exitOf(process.execPath, vitestArgs(project), ['ignore', output, output]);
    closeSync(output);
    return { project, log, exit };
  });
  countVitest(first, (await exitOf(process.execPath, vitestArgs(first), ['ignore', 'inherit', 'inherit'])) === 0);
  for (const { project, log, exit } of later) {
    const code = await exit;
    say(`\n▸ vitest, ${project}\n${readFileSync(log, 'utf8')}`);
    countVitest(project, code === 0);
  }
}

async function exitOf(command, args, stdio) {
  const child = spawn(command, args, { cwd: root, stdio });
  const [code] = await once(child, 'exit');
  return code;
}

function countVitest(project, isGood) {
  const result = readCounts(reportOf(project));
  // An error outside of any test, or a run that found none, has no line of its own.
  const isUnexplained = result.failed === 0 && (!isGood || result.passed === 0);
  count(`vitest, ${project}`, isUnexplained ? { ...result, failed: 1 } : result);
}

function readCounts(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const brokenFiles = report.testResults.filter(
      (one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed'),
    );
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + brokenFiles.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const script = (name) => ['run', '--silent', name];

check('lint', 'npm', script('lint'));
check('types', 'npm', script('types'));
check('generated types are fresh', 'npm', script('gen:check'));
check('schemas stay compatible', 'npm', script('schemas:compat'));
vitest('unit');
await vitestAtOnce('integration', 'system');
check('package installs', 'npm', script('test:package'));

rmSync(scratch, { recursive: true, force: true });
if (failures.length > 0) say(`\nfailed: ${failures.join(', ')}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
