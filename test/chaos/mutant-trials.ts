import type { Invariant } from './check/check-evidence.ts';
import type { ScenarioResult } from './run-scenario.ts';
import { quickKill, quickZombie } from './scenarios/quick.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { deadLettersAway } from './scenarios/topic-faults.ts';
import type { MutantName } from './worker/mutants.ts';

interface Trial {
  readonly what: string;
  readonly scenario: Scenario;
  /** At least one of these has to break: another may be broken for another reason. */
  readonly expected: readonly Invariant[];
}

/** Where each mutant has to show, and how. */
export const trials: Readonly<Record<MutantName, Trial>> = {
  'commit-before-process': { what: 'commits what it is handed, at once', scenario: quickKill, expected: ['commits'] },
  'commit-over-gaps': { what: 'commits the highest offset it was handed', scenario: quickKill, expected: ['commits'] },
  'lose-dead-letters': { what: 'says that dead letters are sent', scenario: quickKill, expected: ['lost'] },
  'swallow-failed-sends': { what: 'a send that fails counts as sent', scenario: deadLettersAway, expected: ['lost'] },
  'forget-keys': { what: 'hands records on without their keys', scenario: quickKill, expected: ['order'] },
  'forget-rows': { what: 'says that attempt rows are sent', scenario: quickKill, expected: ['rows'] },
  'claim-kept': {
    what: 'claims after a lost session that nothing was lost',
    scenario: quickZombie,
    expected: ['commits', 'duplicates', 'order'],
  },
};

export interface TrialResult {
  readonly mutant: MutantName;
  readonly isFound: boolean;
  readonly detail: string;
}

export function judgeTrial(mutant: MutantName, { verdict, seed }: ScenarioResult): TrialResult {
  const shown = trials[mutant].expected.find((invariant) => verdict.violations.has(invariant));
  if (shown === undefined) return { mutant, isFound: false, detail: '' };
  const [first = ''] = verdict.violations.get(shown) ?? [];
  return { mutant, isFound: true, detail: `seed ${seed}, ${shown}: ${withoutRunName(first)}` };
}

/** Names of pipelines differ from run to run. */
const withoutRunName = (text: string): string => text.replace(/chaos-[a-z0-9-]+\./g, 'p.');

export function mutantTable(results: readonly TrialResult[]): string {
  const rows = results.map(({ mutant, isFound, detail }) => {
    return `| ${trials[mutant].what} | ${isFound ? 'found' : 'SURVIVED'} | ${detail.replaceAll('|', '')} |`;
  });
  return ['| defect put in | verdict | how it shows |', '| --- | --- | --- |', ...rows].join('\n');
}
