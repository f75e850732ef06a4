import { relative } from 'node:path';
import { countOf } from '../count-of.ts';
import { textTable } from '../text-table.ts';
import type { OutputKind } from './check-outputs.ts';
import type { DeadGroup, StageSummary } from './demo-queries.ts';

/** All that the demo found, read back from ClickHouse and from the output folder. */
export interface DemoReport {
  readonly tenant: string;
  readonly submitted: number;
  readonly accepted: number;
  readonly ok: number;
  readonly dead: number;
  readonly expectedOk: number;
  readonly expectedDead: number;
  readonly runSeconds: number;
  readonly stages: readonly StageSummary[];
  readonly deadLetters: readonly DeadGroup[];
  readonly outputFolder: string;
  readonly outputs: readonly OutputKind[];
  readonly otherRows: number;
  /** The command that shows the same numbers. */
  readonly check: string;
}

export function isAsExpected(report: DemoReport): boolean {
  const { accepted, submitted, ok, dead, expectedOk, expectedDead, outputs } = report;
  return (
    accepted === submitted &&
    ok === expectedOk &&
    dead === expectedDead &&
    outputs.reduce((sum, { files }) => sum + files, 0) >= expectedOk &&
    outputs.every(({ isWellFormed }) => isWellFormed)
  );
}

export function describeDemo(report: DemoReport): string {
  const { submitted, ok, dead, expectedOk, expectedDead, runSeconds, tenant, otherRows } = report;
  const rate = Math.round(submitted / runSeconds);
  const verdict = isAsExpected(report) ? 'as expected' : `expected ${expectedOk} ok and ${expectedDead} dead`;
  const others =
    otherRows > 0 ? `The table also holds ${countOf(otherRows, 'row')} not of this run (tenant ${tenant}).` : '';
  return [
    stagesTable(report.stages),
    `${countOf(submitted, 'task')} in ${runSeconds.toFixed(1)} s (${rate}/s): ${ok} ok, ${dead} dead, ${verdict}.`,
    others,
    `\nDead letters, with their reasons:\n${deadTable(report.deadLetters)}`,
    `\nOutputs in ${shownPath(report.outputFolder)}:\n${outputsTable(report.outputs)}`,
    `\nThe same numbers from ClickHouse:\n  ${report.check}`,
  ]
    .filter(Boolean)
    .join('\n');
}

function stagesTable(stages: readonly StageSummary[]): string {
  return textTable(
    ['stage', 'tasks', 'ok', 'retried', 'dead', 'tasks/s', 'p50 ms', 'p95 ms'],
    stages.map((one) => [
      one.stage,
      one.tasks,
      one.ok,
      one.retried,
      one.dead,
      one.tasksPerSecond,
      one.p50Ms,
      one.p95Ms,
    ]),
  );
}

function deadTable(groups: readonly DeadGroup[]): string {
  const maxSample = 80;
  return textTable(
    ['topic', 'code', 'tasks', 'for example'],
    groups.map(({ stage, code, tasks, sample }) => [
      `assets.${stage}.dlq`,
      code,
      tasks,
      sample.length > maxSample ? `${sample.slice(0, maxSample)}…` : sample,
    ]),
  );
}

function outputsTable(outputs: readonly OutputKind[]): string {
  return textTable(
    ['kind', 'files', 'bytes', 'opened', 'content'],
    outputs.map(({ extension, files, totalBytes, sample, isWellFormed }) => [
      extension,
      files,
      totalBytes,
      shownPath(sample),
      isWellFormed ? 'well-formed' : 'BROKEN',
    ]),
  );
}

/** From here, where that is shorter. */
function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') || fromHere.length > path.length ? path : fromHere;
}
