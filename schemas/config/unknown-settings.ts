import { closest, distance } from 'fastest-levenshtein';
import type { Environment } from './read-settings.ts';
import { settings } from './settings.ts';

const prefix = 'PENSTOCK_';
/** Typing mistakes are about so far from what was meant; beyond it a guess misleads. */
const maxDistance = 3;

export interface UnknownSetting {
  readonly name: string;
  /** The setting that was perhaps meant. */
  readonly nearest: string | undefined;
}

/** Variables with our prefix that no setting reads: typing mistakes, mostly. */
export function unknownSettings(env: Environment): UnknownSetting[] {
  const known = Object.values(settings).flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
  return Object.keys(env)
    .filter((name) => name.startsWith(prefix) && env[name] !== undefined && !known.includes(name))
    .map((name) => {
      const nearest = closest(name, known);
      return { name, nearest: distance(name, nearest) <= maxDistance ? nearest : undefined };
    });
}
