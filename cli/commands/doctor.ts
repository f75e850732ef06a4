import type { Command } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import type { Finding } from '../doctor/finding.ts';
import { moduleFlag, modulesOf } from '../load-pipelines.ts';
import { printData } from '../output.ts';
import { warnUnknownSettings } from '../warn-unknown-settings.ts';

type Flags = Readonly<Record<string, unknown>> & { readonly json?: true; readonly module?: readonly string[] };

export function registerDoctor(program: Command): void {
  addConfigFlags(program.command('doctor'), connectionFlags)
    .description('look for what is missing or wrong, and say what to do; exit code 1 when something fails')
    .option(...moduleFlag)
    .option('--json', 'print it as JSON')
    .action(runDoctor);
}

async function runDoctor(flags: Flags): Promise<void> {
  warnUnknownSettings();
  const config = configOf(flags);
  const { examineMachine } = await import('../doctor/machine-checks.ts');
  const { examineServices } = await import('../doctor/service-checks.ts');
  const findings = [...(await examineMachine(config)), ...(await examineServices(config, modulesOf(flags)))];
  const isGood = findings.every(({ verdict }) => verdict !== 'fail');
  printData({ ok: isGood, findings }, { json: flags.json === true, text: () => findings.map(describe).join('\n') });
  if (!isGood) process.exitCode = 1;
}

function describe({ check, verdict, detail, remedy }: Finding): string {
  const line = `${verdict.padEnd(4)}  ${check.padEnd(10)}  ${detail}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(18)}→ ${remedy}`;
}
