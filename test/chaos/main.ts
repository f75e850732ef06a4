import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeTrial, mutantTable, type TrialResult, trials } from './mutant-trials.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';
import { explain, isGreen, renewTable, rewrite, summaryOf, tableOf } from './report.ts';
import { type RunOptions, runScenario, type ScenarioResult } from './run-scenario.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { mutantNames } from './worker/mutants.ts';
import { startServices } from './world/services.ts';
import { SinkProcess } from './world/sink-process.ts';

const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/** npm run test:chaos: see options.ts. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), 'penstock-chaos-'));
  const progress = new ProgressLine();
  progress.say(`seed ${options.seed}; starting Kafka, registry and ClickHouse`);
  const services = await startServices(folder, options.firstPort);
  const sink = new SinkProcess(services, folder);
  sink.start();
  let isGood = false;
  try {
    const parts = { ...options, services, sink, folder };
    isGood = options.allMutants
      ? await playMutants(options, parts, progress)
      : await playScenarios(options, parts, progress);
  } finally {
    const hasEnded = await sink.stop();
    if (!hasEnded) progress.say('RED: the sink did not end when it was asked to');
    isGood &&= hasEnded;
    await services.stop();
    if (isGood) rmSync(folder, { recursive: true });
    else progress.say(`ledgers and logs are in ${folder}`);
  }
  process.exitCode = isGood ? 0 : 1;
}

type Parts = Omit<RunOptions, 'onProgress'>;

/** True: all invariants held. */
async function playScenarios(options: ChaosOptions, parts: Parts, progress: ProgressLine): Promise<boolean> {
  const results: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    const result = await play(scenario, parts, progress);
    for (const line of explain(result, again(scenario, parts))) progress.say(line);
    results.push(result);
  }
  process.stdout.write(`${tableOf(results)}\n`);
  if (options.write) rewrite(page, 'chaos', (old) => renewTable(old, results));
  return results.every(isGreen);
}

/** True: each was found. */
async function playMutants(options: ChaosOptions, parts: Parts, progress: ProgressLine): Promise<boolean> {
  const results: TrialResult[] = [];
  for (const mutant of options.mutant === null ? mutantNames : [options.mutant]) {
    progress.say(`mutant ${mutant}`);
    results.push(judgeTrial(mutant, await play(trials[mutant].scenario, { ...parts, mutant }, progress)));
  }
  const table = mutantTable(results);
  process.stdout.write(`${table}\n`);
  if (options.write) rewrite(page, 'chaos-mutants', () => table);
  return results.every(({ isFound }) => isFound);
}

async function play(scenario: Scenario, parts: Parts, progress: ProgressLine): Promise<ScenarioResult> {
  const onProgress = (line: string) => progress.show(`${scenario.name}: ${line}`);
  const result = await runScenario(scenario, { ...parts, onProgress });
  progress.say(summaryOf(result));
  return result;
}

function again({ name }: Scenario, { seed, scale, mutant }: Parts): string {
  const flag = mutant === null ? '' : ` --mutant ${mutant}`;
  return `npm run test:chaos -- --scenario ${name} --seed ${seed} --scale ${scale}${flag}`;
}

await main();
