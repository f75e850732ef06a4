import { type Command, Option } from 'commander';
import { definedFields } from '../../gateway/defined-fields.ts';
import { type TaskFilter, type TaskState, type TaskSummary, taskStates } from '../../gateway/history/history.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { interactiveTimeoutMs, openClickHouse } from '../connect.ts';
import { historyOf } from '../history.ts';
import { printData } from '../output.ts';
import { parseCount, parseSince } from '../parse-time.ts';
import { textTable } from '../text-table.ts';

interface TasksFlags {
  readonly pipeline?: string;
  readonly stage?: string;
  readonly state?: TaskState;
  readonly since?: number;
  readonly limit: number;
  readonly json?: true;
}

const maxListed = 1_000;

export function registerTasks(program: Command): void {
  const command = program.command('tasks').description('list tasks, newest first');
  addConfigFlags(command, ['clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase'])
    .option('--pipeline <name>', 'only of this pipeline')
    .option('--stage <name>', 'only those at this stage')
    .addOption(new Option('--state <state>', 'only in this state').choices(taskStates))
    .option('--since <time>', 'only submitted since: 15m, 2h, 1d, an ISO time, or epoch ms', (text) => parseSince(text))
    .option('--limit <count>', `at most so many, up to ${maxListed}`, parseCount(1, maxListed), 50)
    .option('--json', 'print them as JSON')
    .action(runTasks);
}

async function runTasks(flags: TasksFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const history = historyOf(await openClickHouse(configOf(flags), { requestTimeoutMs: interactiveTimeoutMs }));
  try {
    const tasks = await history.tasks(filterOf(flags));
    printData(tasks, { json: flags.json === true, text: () => describeTasks(tasks) });
  } finally {
    await history.close();
  }
}

function filterOf({ pipeline, stage, state, since, limit }: TasksFlags): TaskFilter {
  return { ...definedFields({ pipeline, stage, state, since, limit }), scope: {} };
}

function describeTasks(tasks: readonly TaskSummary[]): string {
  if (tasks.length === 0) return 'no task matches';
  return textTable(
    ['id', 'pipeline', 'stage', 'state', 'submitted', 'finished', 'attempts'],
    tasks.map((task) => [
      task.id,
      task.pipeline,
      task.stage,
      task.state,
      task.submittedAt,
      task.finishedAt ?? '',
      task.attempts,
    ]),
  );
}
