import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ComponentName, componentNames, type StackOptions } from '../deploy/embedded/stack-options.ts';
import { addConfigFlags, configOf } from './config-flags.ts';

/** Where the embedded stack of this command is; absent: environment, then defaults. */
export interface StackFlags {
  readonly dataDir?: string;
  readonly kafkaPort?: string;
  readonly registryPort?: string;
  readonly clickhousePort?: string;
  readonly only?: ComponentName[];
}

export function addDataDirFlag(command: Command): Command {
  return addConfigFlags(command, ['dataDir']);
}

export function addStackFlags(command: Command): Command {
  return addConfigFlags(command, ['dataDir', 'kafkaPort', 'registryPort', 'clickhousePort']).addOption(
    new Option('--only <names>', `start only these, parted by commas: ${componentNames.join(', ')}`).argParser(
      parseNames,
    ),
  );
}

/** Flags over environment over defaults; throws PIPE_CONFIG_INVALID. */
export function stackOptionsOf(flags: StackFlags): StackOptions {
  const { dataDir, stack } = configOf({ ...flags });
  return { dataDir, ...stack, ...(flags.only ? { only: flags.only } : {}) };
}

function parseNames(text: string): ComponentName[] {
  return text.split(',').map((entry) => {
    const name = componentNames.find((known) => known === entry.trim());
    if (!name) throw new InvalidArgumentError(`“${entry.trim()}” is none of ${componentNames.join(', ')}.`);
    return name;
  });
}
