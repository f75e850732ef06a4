import type { Command } from 'commander';
import { printData, printProgress } from '../output.ts';
import { addDataDirFlag, type StackFlags, stackOptionsOf } from '../stack-flags.ts';

export function registerDown(program: Command): void {
  addDataDirFlag(program.command('down'))
    .description('end the embedded stack; its data stays')
    .option('--json', 'print the result as JSON')
    .action(runDown);
}

async function runDown(flags: StackFlags & { json?: true }): Promise<void> {
  const { stopStack } = await import('../../deploy/embedded/stop-stack.ts');
  const { dataDir } = stackOptionsOf(flags);
  const stopped = await stopStack(dataDir, printProgress);
  const text = () => (stopped ? 'the stack has ended' : `no stack runs in ${dataDir}`);
  printData({ stopped, dataDir }, { json: flags.json === true, text });
}
