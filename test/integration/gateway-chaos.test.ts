import { randomUUID } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { runGatewayChaos } from '../chaos/gateway/run-gateway-chaos.ts';

it('one key is one task, whichever gateway took it, and whichever was killed before it said so', {
  timeout: 180_000,
}, async () => {
  const { brokers, registryUrl } = inject('stack');
  const name = `chaos-${randomUUID().slice(0, 8)}`;
  const result = await runGatewayChaos({ brokers, registryUrl, name, kills: 2, sameKey: 100 });
  expect(result).toMatchObject({ keys: 3, acknowledged: 3, manyIds: 0, lost: 0, foreign: 0 });
  expect(new Set(result.sameKey)).toEqual(new Set([202]));
  // A second record for each kill, and one for the second of the two gateways that shared a key.
  expect(result.repeats).toBe(3);
});
