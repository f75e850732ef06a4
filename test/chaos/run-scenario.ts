import { join } from 'node:path';
import { Random } from '../processors/runtime/simulation/random.ts';
import { checkEvidence, type Verdict } from './check/check-evidence.ts';
import type { Scale, Scenario } from './scenarios/scenario.ts';
import type { MutantName } from './worker/mutants.ts';
import type { Services } from './world/services.ts';
import type { SinkProcess } from './world/sink-process.ts';
import { World } from './world/world.ts';

export interface RunOptions {
  readonly services: Services;
  readonly sink: SinkProcess;
  readonly folder: string;
  readonly seed: number;
  readonly scale: Scale;
  readonly mutant: MutantName | null;
  readonly onProgress: (line: string) => void;
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly verdict: Verdict;
  /** What the scenario found beyond the invariants. */
  readonly findings: readonly string[];
  /** How many of each kind. */
  readonly faults: ReadonlyMap<string, number>;
  readonly workerRestarts: number;
  readonly tookMs: number;
}

let runs = 0;

/** Plays a scenario on topics of its own, heals all, drains, and judges what is left. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const startMs = Date.now();
  const { seed, scale, onProgress } = options;
  const name = `chaos-${scenario.name}-${Date.now().toString(36)}${(runs++).toString(36)}`.slice(0, 60);
  const { delayed = [], blockMs = 10_000, sessionTimeoutMs = 6_000 } = scenario;
  const random = new Random(seed);
  const folder = join(options.folder, name);
  const world = await World.open({
    ...options,
    ...{ name, folder, random, delayed, blockMs, sessionTimeoutMs, onProgress },
  });
  try {
    const findings = await scenario.run(world, scale);
    const behind = await world.drain();
    onProgress('is judged');
    const evidence = await world.evidence(behind, scenario.maxDuplicateShare);
    const kinds = evidence.faults.map(({ kind, target }) => (/^w\d/.test(target) ? kind : `${kind} ${target}`));
    const faults = new Map<string, number>();
    for (const kind of kinds) faults.set(kind, (faults.get(kind) ?? 0) + 1);
    const verdict = checkEvidence(evidence);
    const { restarts: workerRestarts } = world.workers;
    return { scenario, seed, verdict, findings, faults, workerRestarts, tookMs: Date.now() - startMs };
  } finally {
    await world.close();
  }
}
