import type { Command } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { moduleFlag } from '../load-pipelines.ts';
import { parseCount } from '../parse-time.ts';
import type { ReplayFlags } from '../replay/replay-flags.ts';

export function registerReplay(program: Command): void {
  const command = program
    .command('replay')
    .description('run a stage’s history again: move its group’s offsets while its workers are stopped')
    .argument('<pipeline.stage>', 'the stage, e.g. assets.transform')
    .requiredOption('--from <place>', 'earliest, latest, an offset, or an ISO time (UTC where it names no zone)')
    .option('--partition <number>', 'only this partition; default: all', parseCount(0, 1_000_000))
    .option('--dry-run', 'show what would change, and change nothing')
    .option(...moduleFlag)
    .option('--json', 'print it as JSON');
  addConfigFlags(command, connectionFlags).action(runReplay);
}

async function runReplay(place: string, flags: ReplayFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const { replay } = await import('../replay/replay.ts');
  await replay(configOf(flags), place, flags);
}
