import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { explain } from '../chaos/report.ts';
import { runScenario } from '../chaos/run-scenario.ts';
import { quickKill, quickRestart } from '../chaos/scenarios/quick.ts';
import type { Scenario } from '../chaos/scenarios/scenario.ts';
import type { MutantName } from '../chaos/worker/mutants.ts';
import { sharedServices } from '../chaos/world/services.ts';
import { SinkProcess } from '../chaos/world/sink-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'penstock-test-'));
const seed = 1;

/** The short form of npm run test:chaos: worker processes on the shared stack, which is not harmed itself. */
describe('chaos', { timeout: 120_000 }, () => {
  const { brokers, registryUrl, clickhouseUrl } = inject('stack');
  const services = sharedServices({ brokers: [brokers], registryUrl, clickhouseUrl });
  const sink = new SinkProcess(services, folder);

  beforeAll(() => sink.start());
  afterAll(async () => {
    await sink.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const play = (scenario: Scenario, mutant: MutantName | null = null) =>
    runScenario(scenario, { services, sink, folder, seed, scale: 'small', mutant, onProgress: () => undefined });

  it('loses nothing when workers are killed, and repeats no more than the kills explain', async () => {
    const result = await play(quickKill);
    expect(explain(result, '')).toEqual([]);
    expect(result.faults).toEqual(new Map([['kill -9', 2]]));
    expect(result.verdict.tasks).toBeGreaterThan(100);
  });

  it('repeats nothing at all when workers are asked to go', async () => {
    const result = await play(quickRestart);
    expect(explain(result, '')).toEqual([]);
    expect(result.verdict.duplicates).toBe(0);
  });

  it('is red when a worker commits what it has not done', async () => {
    const { verdict } = await play(quickKill, 'commit-before-process');
    expect([...verdict.violations.keys()]).toContain('commits');
  });
});
