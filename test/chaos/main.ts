import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChaosOptions, readOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';
import { explain, isGreen, summaryOf, tableOf, writeTable } from './report.ts';
import { runScenario, type ScenarioResult } from './run-scenario.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type Services, startServices } from './world/services.ts';
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
  const results: ScenarioResult[] = [];
  try {
    for (const scenario of options.scenarios) {
      results.push(await play(scenario, options, { services, sink, folder, progress }));
    }
  } finally {
    await sink.stop();
    await services.stop();
    if (results.length === options.scenarios.length && results.every(isGreen)) rmSync(folder, { recursive: true });
    else progress.say(`ledgers and logs are in ${folder}`);
  }
  if (options.write) writeTable(page, 'chaos', tableOf(results));
  process.stdout.write(`${tableOf(results)}\n`);
  process.exitCode = results.every(isGreen) ? 0 : 1;
}

interface Parts {
  readonly services: Services;
  readonly sink: SinkProcess;
  readonly folder: string;
  readonly progress: ProgressLine;
}

async function play(scenario: Scenario, options: ChaosOptions, parts: Parts): Promise<ScenarioResult> {
  const { progress } = parts;
  const onProgress = (line: string) => progress.show(`${scenario.name}: ${line}`);
  const result = await runScenario(scenario, { ...options, ...parts, onProgress });
  progress.say(summaryOf(result));
  const mutant = options.mutant === null ? '' : ` --mutant ${options.mutant}`;
  const again = `npm run test:chaos -- --scenario ${scenario.name} --seed ${options.seed} --scale ${options.scale}${mutant}`;
  for (const line of explain(result, again)) progress.say(line);
  return result;
}

await main();
