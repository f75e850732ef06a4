import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import type { Setting } from './setting.ts';
import { type SettingKey, type SettingValue, settings } from './settings.ts';

/** What flags say; it wins over the environment. */
export type ConfigOverrides = {
  readonly [K in SettingKey]?: string | number | boolean | readonly string[] | undefined;
};

export type SettingValues = { readonly [K in SettingKey]: SettingValue<K> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one setting after the other and keeps every complaint, so that all can be mended at once. */
export class SettingsReader {
  readonly problems: string[] = [];
  readonly #env: Environment;
  readonly #overrides: ConfigOverrides;

  constructor(env: Environment, overrides: ConfigOverrides) {
    this.#env = env;
    this.#overrides = overrides;
  }

  /** Whether somebody set it, rightly or wrongly. */
  isGiven(key: SettingKey): boolean {
    return this.#given(key) !== undefined;
  }

  /** The path of the file that a secret is read from; undefined where it comes from elsewhere. */
  fileOf(key: SettingKey): string | undefined {
    const { name } = settings[key];
    const isDirect = this.#overrides[key] !== undefined || this.#env[name]?.trim();
    return isDirect ? undefined : this.#env[`${name}_FILE`]?.trim() || undefined;
  }

  /** The value; undefined where it is unset or wrong (then a problem is noted). */
  read<K extends SettingKey>(key: K): SettingValue<K> | undefined;
  read(key: SettingKey): unknown {
    const setting: Setting<unknown> = settings[key];
    const given = this.#given(key) ?? setting.default;
    if (given === undefined) return undefined;
    try {
      return setting.parse(given);
    } catch (thrown) {
      this.problems.push(`${setting.name} ${messageOf(thrown)}${this.#shown(setting, given)}`);
      return undefined;
    }
  }

  #shown(setting: Setting<unknown>, given: string): string {
    return setting.secret || given.includes('@') ? '' : ` (it is “${given.slice(0, 100)}”)`;
  }

  /** An empty variable counts as unset: compose files and CI pass them for what they do not know. */
  #given(key: SettingKey): string | undefined {
    const override = this.#overrides[key];
    if (override !== undefined) return typeof override === 'object' ? override.join(',') : String(override).trim();
    const setting: Setting<unknown> = settings[key];
    const direct = this.#env[setting.name]?.trim();
    return direct || (setting.secret ? this.#fromFile(`${setting.name}_FILE`) : undefined);
  }

  #fromFile(variable: string): string | undefined {
    const path = this.#env[variable]?.trim();
    if (!path) return undefined;
    try {
      return readFileSync(path, 'utf8').trim() || undefined;
    } catch (thrown) {
      const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : messageOf(thrown);
      const problem = `${variable}: “${path}” cannot be read (${reason})`;
      if (!this.problems.includes(problem)) this.problems.push(problem);
      return undefined;
    }
  }
}
