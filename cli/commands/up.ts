import type { Command } from 'commander';
import type { StackEndpoints } from '../../deploy/embedded/background.ts';
import { printData, printProgress } from '../output.ts';
import { addStackFlags, type StackFlags, stackOptionsOf } from '../stack-flags.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface UpFlags extends StackFlags {
  readonly detach?: true;
  readonly json?: true;
}

export function registerUp(program: Command): void {
  addStackFlags(program.command('up'))
    .description('start the embedded stack: Kafka, schema registry, ClickHouse')
    .option('-d, --detach', 'leave it running in the background')
    .option('--json', 'print the endpoints as JSON')
    .action((flags: UpFlags) => (flags.detach ? runInBackground(flags) : runInForeground(flags)));
}

async function runInBackground(flags: UpFlags): Promise<void> {
  const { startStackInBackground } = await import('../../deploy/embedded/background.ts');
  const endpoints = await startStackInBackground({ ...stackOptionsOf(flags), onProgress: printProgress });
  printEndpoints(endpoints, flags);
  printProgress('running in the background; penstock down ends it');
}

async function runInForeground(flags: UpFlags): Promise<void> {
  const { startStack } = await import('../../deploy/embedded/stack.ts');
  const stack = await startStack({ ...stackOptionsOf(flags), onProgress: printProgress });
  const interrupted = untilInterrupted();
  printEndpoints(stack, flags);
  printProgress('Ctrl-C ends it');
  printProgress(`ending the stack (${await interrupted})`);
  await stack.stop();
}

function printEndpoints({ brokers, registryUrl, clickhouseUrl }: StackEndpoints, flags: UpFlags): void {
  const endpoints = { brokers, registryUrl, clickhouseUrl };
  const text = () =>
    [`Kafka       ${brokers.join(',')}`, `Registry    ${registryUrl}`, `ClickHouse  ${clickhouseUrl}`].join('\n');
  printData(endpoints, { json: flags.json === true, text });
}
