// npm test, after the set-up: every check in turn, all of them even when one fails, and a plain count at the end.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

function vitest(project) {
  say(`\n▸ vitest, ${project}`);
  const file = join(scratch, `${project}.json`);
  const isGood = run(process.execPath, [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    ...['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
  ]);
  const result = readCounts(file);
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
vitest('integration');
check('package installs', 'npm', script('test:package'));

rmSync(scratch, { recursive: true, force: true });
if (failures.length > 0) say(`\nfailed: ${failures.join(', ')}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
