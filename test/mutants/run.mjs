// npm run test:mutants: puts known defects into a copy of the engine, one at a time, and demands that the simulation
// finds each. A checker that cannot fail proves nothing. Options after --: --only WORD, --seeds N, --write (the table into
// docs/reliability.md).
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants } from './mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['processors', 'schemas', 'topics', 'test/processors/runtime', 'test/helpers'];
const files = ['package.json', 'tsconfig.json', 'vitest.config.ts'];
const page = join(root, 'docs', 'reliability.md');
const [begin, end] = ['<!-- mutants -->', '<!-- /mutants -->'];
const { values } = parseArgs({
  options: { only: { type: 'string' }, seeds: { type: 'string', default: '400' }, write: { type: 'boolean' } },
});

function copyTree() {
  const tree = mkdtempSync(join(tmpdir(), 'penstock-mutants-'));
  for (const each of [...folders, ...files]) cpSync(join(root, each), join(tree, each), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

function edited(source, { find, replace }, name) {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`mutant “${name}”: its place occurs ${parts.length - 1} times, not once`);
  return parts.join(replace);
}

/** Whether the simulation is green, and the first seed that is not. */
function simulate(tree) {
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', 'unit', '--bail', '1', '--no-color', 'test/processors/runtime/simulation'];
  const child = spawn(process.execPath, args, { cwd: tree, env: { ...process.env, SIM_SEEDS: values.seeds } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const found = /seed (\d+): (.*)\n\(.*\)\n(.*)/.exec(output);
      resolve({ isGreen: code === 0, output, seed: found?.[1], why: found?.[2], first: found?.[3] });
    });
  });
}

/** A red run counts only when the simulation says why: a mutant that does not even load proves nothing. */
async function judge(tree, mutant) {
  const path = join(tree, mutant.file);
  const source = readFileSync(path, 'utf8');
  const once = edited(source, mutant, mutant.name);
  writeFileSync(path, mutant.also ? edited(once, mutant.also, mutant.name) : once);
  try {
    const result = await simulate(tree);
    if (result.isGreen) return { name: mutant.name, verdict: 'SURVIVED', detail: '' };
    if (result.seed === undefined) return { name: mutant.name, verdict: 'BROKEN', detail: result.output.slice(-400) };
    const what = result.why === 'an invariant is broken' ? result.first : result.why;
    return { name: mutant.name, verdict: 'found', detail: `seed ${result.seed}: ${what}` };
  } finally {
    writeFileSync(path, source);
  }
}

const rowOf = ({ name, verdict, detail }) => `| ${name} | ${verdict} | ${detail.replaceAll('|', '')} |`;

function writePage(results) {
  const text = readFileSync(page, 'utf8');
  const table = ['| defect put in | verdict | how it shows |', '| --- | --- | --- |', ...results.map(rowOf)].join('\n');
  const [before, after] = [text.slice(0, text.indexOf(begin)), text.slice(text.indexOf(end))];
  writeFileSync(page, `${before}${begin}\n${table}\n${after}`);
}

const tree = copyTree();
const results = [];
try {
  const untouched = await simulate(tree);
  if (!untouched.isGreen) throw new Error(`the simulation is red without a mutant:\n${untouched.output}`);
  for (const mutant of mutants.filter(({ name }) => values.only === undefined || name.includes(values.only))) {
    const result = await judge(tree, mutant);
    results.push(result);
    process.stdout.write(`${rowOf(result)}\n`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
if (values.write) writePage(results);
const missed = results.filter(({ verdict }) => verdict !== 'found');
process.stdout.write(`\n${results.length - missed.length} of ${results.length} mutants found\n`);
process.exitCode = missed.length > 0 || results.length === 0 ? 1 : 0;
