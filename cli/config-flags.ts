import { type Command, Option } from 'commander';
import { type Config, type ConfigOverrides, loadConfig, type SettingKey, settings } from '../schemas/config.ts';

/** Where the other processes are. */
export const connectionFlags = ['brokers', 'registryUrl', 'clickhouseUrl', 'dataDir', 'logLevel'] as const;

/** A flag for each of these settings: `httpPort` is `--http-port`, over PENSTOCK_HTTP_PORT. Secrets have none: argument lists are public. */
export function addConfigFlags(command: Command, keys: readonly SettingKey[]): Command {
  for (const key of keys) {
    const { name, doc } = settings[key];
    command.addOption(new Option(`--${kebab(key)} <value>`, `${doc} (${name})`));
  }
  return command;
}

/** Flags over environment over defaults; flags that are no setting do not count. Throws PIPE_CONFIG_INVALID. */
export function configOf(flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv = process.env): Config {
  return loadConfig(env, overridesOf(flags));
}

export function overridesOf(flags: Readonly<Record<string, unknown>>): ConfigOverrides {
  const given = Object.entries(flags).filter(([key, value]) => key in settings && typeof value === 'string');
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
