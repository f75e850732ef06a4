import type { Command } from 'commander';
import type { ComponentReport, StackReport } from '../../deploy/embedded/stack-status.ts';
import { printData } from '../output.ts';
import { addDataDirFlag, type StackFlags, stackOptionsOf } from '../stack-flags.ts';
import { textTable } from '../text-table.ts';

export function registerStatus(program: Command): void {
  addDataDirFlag(program.command('status'))
    .description('show what of the embedded stack runs; exit code 1 unless all of it is healthy')
    .option('--json', 'print it as JSON')
    .action(runStatus);
}

async function runStatus(flags: StackFlags & { json?: true }): Promise<void> {
  const { reportStack } = await import('../../deploy/embedded/stack-status.ts');
  const report = await reportStack(stackOptionsOf(flags).dataDir);
  printData(report, { json: flags.json === true, text: () => describeStack(report) });
  if (!report.isHealthy) process.exitCode = 1;
}

function describeStack(report: StackReport): string {
  const headline =
    report.supervisorPid === null
      ? `no stack runs in ${report.dataDir}`
      : `stack in ${report.dataDir}, process ${report.supervisorPid}`;
  if (report.components.length === 0) return headline;
  const head = ['part', 'state', 'port', 'pid', 'up', 'restarts', 'log'];
  return `${headline}\n${textTable(head, report.components.map(describeComponent))}`;
}

function describeComponent(component: ComponentReport): string[] {
  const { name, status, isHealthy, port, processes, startedAt, restarts, logFile, lastExit } = component;
  const state = status === 'running' && !isHealthy ? 'no answer' : status;
  const uptime = startedAt !== undefined && status === 'running' ? describeSeconds(Date.now() - startedAt) : '';
  const why = lastExit && restarts + Number(status === 'restarting') > 0 ? ` (last end: ${firstLine(lastExit)})` : '';
  const pids = processes.map(({ pid }) => pid).join(', ');
  return [name, `${state}${why}`, String(port), pids, uptime, String(restarts), logFile];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 60) ?? '';
}

function describeSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
