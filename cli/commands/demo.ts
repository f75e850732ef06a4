import type { Command } from 'commander';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { printData, printProgress } from '../output.ts';
import { parseCount } from '../parse-time.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface DemoFlags {
  readonly tasks: number;
  readonly keep?: true;
  readonly json?: true;
}

export function registerDemo(program: Command): void {
  const command = program
    .command('demo')
    .description('run the pipeline assets on a thousand real files and show what ClickHouse says of it')
    .option('--tasks <count>', 'how many tasks, 20 to 100000', parseCount(20, 100_000), 1_000)
    .option('--keep', 'stay up afterwards, until Ctrl-C')
    .option('--json', 'print the summary as JSON');
  addConfigFlags(command, ['dataDir', 'httpPort', 'kafkaPort', 'registryPort', 'clickhousePort']).action(runCommand);
}

async function runCommand(flags: DemoFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const { runDemo } = await import('../demo/run-demo.ts');
  const { describeDemo, isAsExpected } = await import('../demo/report-demo.ts');
  const interrupted = untilInterrupted();
  const options = { tasks: flags.tasks, keep: flags.keep === true, interrupted };
  const { report, system, stop } = await runDemo(configOf(flags), options);
  try {
    printData(report, { json: flags.json === true, text: () => describeDemo(report) });
    if (!isAsExpected(report)) process.exitCode = 1;
    if (flags.keep) {
      printProgress(`\nstays up: ${system.gatewayUrl} (Ctrl-C ends it)`);
      await Promise.race([interrupted, system.failed]);
    }
  } finally {
    await stop();
  }
}
