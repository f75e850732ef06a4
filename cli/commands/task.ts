import type { Command } from 'commander';
import type { TaskDetail, TimelineEntry } from '../../gateway/history/history.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { interactiveTimeoutMs, openClickHouse } from '../connect.ts';
import { historyOf } from '../history.ts';
import { printData } from '../output.ts';
import { textTable } from '../text-table.ts';

export function registerTask(program: Command): void {
  const command = program.command('task').description('show what became of one task: its state and every attempt');
  addConfigFlags(command, ['clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase'])
    .argument('<id>', 'id of the task')
    .option('--json', 'print it as JSON')
    .action(runTask);
}

async function runTask(id: string, flags: { json?: true } & Readonly<Record<string, unknown>>): Promise<void> {
  const history = historyOf(await openClickHouse(configOf(flags), { requestTimeoutMs: interactiveTimeoutMs }));
  try {
    const task = await history.task(id, {});
    if (!task) throw new PenstockError('PIPE_TASK_NOT_FOUND', `no attempt of task ${id} is recorded`);
    printData(task, { json: flags.json === true, text: () => describeTask(task) });
  } finally {
    await history.close();
  }
}

function describeTask(task: TaskDetail): string {
  const ended = task.finishedAt === null ? '' : `, finished ${task.finishedAt}`;
  const headline = `${task.pipeline} ${task.state} at ${task.stage}; submitted ${task.submittedAt}${ended}`;
  const table = textTable(
    ['time', 'stage', 'outcome', 'attempt', 'waited ms', 'ran ms', 'place', 'error, or progress'],
    task.timeline.map((entry) => [
      entry.time,
      entry.stage,
      entry.outcome,
      entry.attempt,
      entry.queueMs,
      entry.runMs,
      `${entry.topic}/${entry.partition}/${entry.offset}`,
      [entry.errorCode, entry.errorMessage].filter(Boolean).join(': ').slice(0, 200) || describeProgress(entry),
    ]),
  );
  const result = task.result === undefined ? '' : `\nresult ${JSON.stringify(task.result)}`;
  return `${headline}\n${table}${result}`;
}

function describeProgress({ progress, note }: TimelineEntry): string {
  const percent = progress === undefined ? undefined : `${Math.round(progress * 100)} %`;
  return [percent, note].filter((part) => part !== undefined).join(' ');
}
