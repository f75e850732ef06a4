import type { Command } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { moduleFlag } from '../load-pipelines.ts';
import { printData, printProgress } from '../output.ts';
import { parseCount, parseTime } from '../parse-time.ts';
import type { SubmitFlags, SubmitResult } from '../submit/submit-flags.ts';

export function registerSubmit(program: Command): void {
  const command = program
    .command('submit')
    .description('submit one task, or one a line from stdin, straight to Kafka; prints the ids')
    .argument('<pipeline>', 'name of the pipeline')
    .argument('[json]', 'the payload of one task; - or nothing: NDJSON on stdin')
    .option('--stage <name>', 'stage to start at; default: the first')
    .option('--key <key>', 'ordering key; default: the id of the task')
    .option('--tenant <name>', 'tenant of the tasks')
    .option('--not-before <time>', 'not to run before: an ISO time or epoch ms', parseTime)
    .option('--expires-at <time>', 'not to run after: an ISO time or epoch ms', parseTime)
    .option('--idempotency-key <key>', 'the same key gives the same task id')
    .option('--wait', 'wait until every task has ended; exit code 1 unless all succeeded')
    .option('--timeout <seconds>', 'longest wait', parseCount(1, 86_400), 600)
    .option(...moduleFlag)
    .option('--json', 'print the result as JSON');
  addConfigFlags(command, connectionFlags).action(runSubmit);
}

async function runSubmit(
  pipeline: string,
  argument: string | undefined,
  flags: SubmitFlags & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { submitTasks } = await import('../submit/submit-tasks.ts');
  const { readInput } = await import('../submit/task-input.ts');
  const result = await submitTasks(configOf(flags), pipeline, readInput(argument, process.stdin), flags);
  report(result, flags.json === true);
  const states = Object.values(result.states ?? {});
  if (result.rejected.length > 0 || states.some((state) => state !== 'succeeded')) process.exitCode = 1;
}

function report(result: SubmitResult, json: boolean): void {
  const maxShown = 10;
  for (const { index, code, message } of result.rejected.slice(0, maxShown)) {
    printProgress(`task ${index + 1} of the input rejected: ${code}: ${message}`);
  }
  if (result.rejected.length > maxShown) printProgress(`… and ${result.rejected.length - maxShown} more`);
  if (!json && result.ids.length === 0) return;
  const withState = (id: string) => (result.states ? `${id} ${result.states[id] ?? ''}` : id);
  printData(result, { json, text: () => [...result.ids.map(withState), ...outcomeOf(result)].join('\n') });
}

/** Of the one task that was waited for: its result, or why it has none. */
function outcomeOf({ ending }: SubmitResult): string[] {
  if (ending?.error) return [`${ending.error.code}: ${ending.error.message}`];
  return ending?.result === undefined ? [] : [JSON.stringify(ending.result)];
}
