import type { Command } from 'commander';
import type { StackEndpoints } from '../../deploy/embedded/background.ts';
import type { ComponentName } from '../../deploy/embedded/stack-options.ts';
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

function printEndpoints(endpoints: StackEndpoints, flags: UpFlags): void {
  const started = startedEndpoints(endpoints, flags.only);
  const lines = started.map(({ label, value }) => `${label.padEnd(10)}  ${value}`);
  const data = Object.fromEntries(started.map(({ key }) => [key, endpoints[key]]));
  printData(data, { json: flags.json === true, text: () => lines.join('\n') });
}

/** Where what was started answers; `only` undefined: all three. */
export function startedEndpoints(endpoints: StackEndpoints, only?: readonly ComponentName[]) {
  const all = [
    { name: 'kafka', key: 'brokers', label: 'Kafka', value: endpoints.brokers.join(',') },
    { name: 'registry', key: 'registryUrl', label: 'Registry', value: endpoints.registryUrl },
    { name: 'clickhouse', key: 'clickhouseUrl', label: 'ClickHouse', value: endpoints.clickhouseUrl },
  ] as const;
  return all.filter(({ name }) => only?.includes(name) ?? true);
}
