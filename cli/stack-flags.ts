import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ComponentName, componentNames, type StackOptions } from '../deploy/embedded/stack-options.ts';
import { loadConfig } from '../schemas/config.ts';

/** Where the embedded stack of this command is; absent: environment, then defaults. */
export interface StackFlags {
  readonly dataDir?: string;
  readonly kafkaPort?: string;
  readonly registryPort?: string;
  readonly clickhousePort?: string;
  readonly only?: ComponentName[];
}

export function addDataDirFlag(command: Command): Command {
  return command.option('--data-dir <folder>', 'folder of the embedded stack (PENSTOCK_DATA_DIR)');
}

export function addStackFlags(command: Command): Command {
  return addDataDirFlag(command)
    .option('--kafka-port <port>', 'port of Kafka (PENSTOCK_KAFKA_PORT)')
    .option('--registry-port <port>', 'port of the schema registry (PENSTOCK_REGISTRY_PORT)')
    .option('--clickhouse-port <port>', 'port of ClickHouse (PENSTOCK_CLICKHOUSE_PORT)')
    .addOption(
      new Option('--only <names>', `start only these, parted by commas: ${componentNames.join(', ')}`).argParser(
        parseNames,
      ),
    );
}

/** Flags over environment over defaults; throws PIPE_CONFIG_INVALID. */
export function stackOptionsOf(flags: StackFlags): StackOptions {
  const { only, ...overrides } = flags;
  const { dataDir, stack } = loadConfig(process.env, overrides);
  return { dataDir, ...stack, ...(only ? { only } : {}) };
}

function parseNames(text: string): ComponentName[] {
  return text.split(',').map((entry) => {
    const name = componentNames.find((known) => known === entry.trim());
    if (!name) throw new InvalidArgumentError(`“${entry.trim()}” is none of ${componentNames.join(', ')}.`);
    return name;
  });
}
