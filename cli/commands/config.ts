import type { Command } from 'commander';
import { redactConfig, type SettingKey, settings } from '../../schemas/config.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { effectiveSettings } from '../effective-settings.ts';
import { printData } from '../output.ts';
import { textTable } from '../text-table.ts';
import { warnUnknownSettings } from '../warn-unknown-settings.ts';

export function registerConfig(program: Command): void {
  const keys = Object.keys(settings).filter((key): key is SettingKey => key in settings);
  const command = program.command('config').description('show the effective configuration, without secrets');
  addConfigFlags(
    command,
    keys.filter((key) => !settings[key].secret),
  )
    .option('--json', 'print it as JSON')
    .action(runConfig);
}

function runConfig(flags: Readonly<Record<string, unknown>>): void {
  warnUnknownSettings();
  const effective = effectiveSettings(redactConfig(configOf(flags)), flags, process.env);
  printData(Object.fromEntries(effective.map(({ name, value, source }) => [name, { value, source }])), {
    json: flags.json === true,
    text: () =>
      textTable(
        ['setting', 'value', 'source'],
        effective.map(({ name, value, source }) => [name, value === undefined ? '' : String(value), source]),
      ),
  });
}
