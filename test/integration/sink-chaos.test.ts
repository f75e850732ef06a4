import { randomUUID } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { runSinkChaos } from '../chaos/sink/run-sink-chaos.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { Random } from '../processors/runtime/simulation/random.ts';

it('a sink that is killed time and again stores and counts each row once', { timeout: 180_000 }, async () => {
  const random = new Random(7);
  const { brokers, registryUrl } = inject('stack');
  const { sent, rows, places, tasks, verification } = await runSinkChaos({
    ...{ brokers, registryUrl, dataDir: makeTempDir(), name: `chaos${randomUUID().slice(0, 8)}` },
    ...{ kills: 4, outageMs: 1_500, random: () => random.next() },
  });
  expect({ rows, places, tasks }).toEqual({ rows: sent, places: sent, tasks: sent });
  expect(verification.differences).toEqual([]);
  expect(verification.rows).toBe(sent);
});
