import { readFileSync, writeFileSync } from 'node:fs';
import type { ScenarioResult } from './run-scenario.ts';

const shownViolations = 10;

export const isGreen = ({ verdict, findings }: ScenarioResult): boolean =>
  verdict.violations.size === 0 && findings.length === 0;

/** One line for people, while it runs. */
export function summaryOf(result: ScenarioResult): string {
  const { scenario, verdict, tookMs, workerRestarts, seed } = result;
  const { tasks, runs, commits, lost, duplicates, duplicatesBound, worstRecoveryMs } = verdict;
  const parts = [
    `${tasks} tasks, ${runs} runs, ${commits} commits, ${[...result.faults.values()].reduce((a, b) => a + b, 0)} faults`,
    `lost ${lost}, duplicates ${duplicates} (bound ${duplicatesBound}), ${workerRestarts} restarts by themselves`,
    `worst recovery ${(worstRecoveryMs / 1000).toFixed(1)} s, took ${(tookMs / 1000).toFixed(0)} s, seed ${seed}`,
  ];
  return `${isGreen(result) ? 'green' : 'RED'} ${scenario.name}: ${parts.join('; ')}`;
}

/** What is wrong, with the ids, and how to see it again. */
export function explain(result: ScenarioResult, again: string): string[] {
  const lines = result.findings.map((finding) => `  finding: ${finding}`);
  for (const [invariant, violations] of result.verdict.violations) {
    lines.push(`  ${invariant}: ${violations.length}`);
    for (const violation of violations.slice(0, shownViolations)) lines.push(`    ${violation}`);
  }
  return lines.length === 0 ? [] : [...lines, `  again: ${again}`];
}

const heads = ['scenario', 'faults', 'tasks', 'lost', 'duplicates (bound)', 'worst recovery', 'seed', 'verdict'];

export const tableOf = (results: readonly ScenarioResult[]): string => [...headLines, ...results.map(rowOf)].join('\n');

/** Rows of scenarios that were played anew take the place of their old ones; the others stay. */
export function renewTable(table: string, results: readonly ScenarioResult[]): string {
  const isRow = (line: string): boolean => line.startsWith('| ') && !headLines.includes(line);
  const rows = new Map(
    table
      .split('\n')
      .filter(isRow)
      .map((row) => [scenarioOf(row), row]),
  );
  for (const row of results.map(rowOf)) rows.set(scenarioOf(row), row);
  return [...headLines, ...rows.values()].join('\n');
}

const headLines = [`| ${heads.join(' | ')} |`, `| ${heads.map(() => '---').join(' | ')} |`];
const rowOf = (result: ScenarioResult): string => `| ${cellsOf(result).join(' | ')} |`;
const scenarioOf = (row: string): string | undefined => row.split('|')[1]?.trim();

function cellsOf(result: ScenarioResult): string[] {
  const { scenario, verdict, faults, seed } = result;
  const counted = [...faults].map(([kind, count]) => `${count} × ${kind}`).join(', ');
  return [
    scenario.faults,
    counted,
    String(verdict.tasks),
    String(verdict.lost),
    `${verdict.duplicates} (${verdict.duplicatesBound})`,
    `${(verdict.worstRecoveryMs / 1000).toFixed(1)} s`,
    String(seed),
    verdictOf(result),
  ];
}

function verdictOf(result: ScenarioResult): string {
  if (isGreen(result)) return 'holds';
  return [...result.verdict.violations.keys(), ...result.findings].join('; ').replaceAll('|', '');
}

/** Makes what stands between `<!-- name -->` and `<!-- /name -->` anew. */
export function rewrite(page: string, name: string, change: (old: string) => string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for ${begin}`);
  const old = text.slice(from + begin.length, to);
  writeFileSync(page, `${text.slice(0, from)}${begin}\n${change(old)}\n${text.slice(to)}`);
}
