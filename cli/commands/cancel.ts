import type { Command } from 'commander';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { printData } from '../output.ts';

interface CancelFlags {
  readonly where?: string;
  readonly pipeline?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export function registerCancel(program: Command): void {
  const command = program
    .command('cancel')
    .description('cancel tasks, queued or running, on whichever worker; a running handler is told within a second')
    .argument('[id...]', 'ids of the tasks')
    .option(
      '--where <sql>',
      "those not ended that this holds for, a predicate over tasks: pipeline = 'p' AND stage = 's'",
    )
    .option('--pipeline <name>', 'only where they are of this pipeline')
    .option('--dry-run', 'print which ones, cancel none')
    .option('--json', 'print the ids as JSON');
  const flags = ['brokers', 'registryUrl', 'clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase'] as const;
  addConfigFlags(command, flags).action(runCancel);
}

async function runCancel(
  ids: readonly string[],
  flags: CancelFlags & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { cancelTasks } = await import('../cancel/cancel-tasks.ts');
  const { where, pipeline = '', dryRun = false, json = false } = flags;
  const cancelled = await cancelTasks(configOf(flags), { ids, where, pipeline, dryRun });
  printData({ cancelled, dryRun }, { json, text: () => cancelled.join('\n') });
}
