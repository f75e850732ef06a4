import { parseArgs } from 'node:util';
import { allScenarios, moreScenarios } from './scenarios/all-scenarios.ts';
import type { Scale, Scenario } from './scenarios/scenario.ts';
import { type MutantName, mutantNames } from './worker/mutants.ts';

export interface ChaosOptions {
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly scale: Scale;
  /** The rows go into the table of docs/reliability.md. */
  readonly write: boolean;
  readonly mutant: MutantName | null;
  /** Plays each mutant, or the one that is named, on its scenario and wants it red. */
  readonly allMutants: boolean;
  /** Three ports from it on; 0: free ones. */
  readonly firstPort: number;
}

/**
 * `--scenario NAME` (may stand more than once; default: all but the soak), `--seed N` (default: drawn), `--scale small|full`
 * (default small), `--write`, `--mutant NAME`, `--mutants` (all of them), `--port N`.
 */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true },
      seed: { type: 'string' },
      scale: { type: 'string', default: 'small' },
      write: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
    },
  });
  const { scale } = values;
  if (scale !== 'small' && scale !== 'full') throw new Error(`--scale ${scale} is neither small nor full`);
  return {
    scenarios: values.scenario === undefined ? allScenarios : values.scenario.map(scenarioNamed),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('--seed', values.seed),
    scale,
    write: values.write,
    mutant: values.mutant === undefined ? null : mutantNamed(values.mutant),
    allMutants: values.mutants,
    firstPort: wholeNumber('--port', values.port),
  };
}

function scenarioNamed(name: string): Scenario {
  const known = [...allScenarios, ...moreScenarios];
  const found = known.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`no scenario “${name}”; there are ${known.map((each) => each.name).join(', ')}`);
  return found;
}

function mutantNamed(name: string): MutantName {
  const found = mutantNames.find((each) => each === name);
  if (found === undefined) throw new Error(`no mutant “${name}”; there are ${mutantNames.join(', ')}`);
  return found;
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${flag} ${text} is no whole number`);
  return number;
}
