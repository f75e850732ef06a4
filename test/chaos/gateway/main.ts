import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../world/services.ts';
import { runGatewayChaos } from './run-gateway-chaos.ts';

/** `npm run test:chaos:gateway -- [--kills 20] [--freeze-ms 60000]`; exit code 1 where an answer was not honest, late, or lost. */
const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, 'freeze-ms': { type: 'string', default: '60000' } },
});
const longestMs = 5_000;
const onAgainLimitMs = 10_000;

const dataDir = await mkdtemp(join(tmpdir(), 'penstock-gateway-chaos-'));
const services = await startServices(dataDir, 0);
try {
  const { sameKey, frozen, ...verdict } = await runGatewayChaos({
    ...{ brokers: services.brokers.join(','), registryUrl: services.registryUrl, name: 'gatewaychaos' },
    ...{ kills: Number(values.kills), sameKey: 100 },
    freeze: { forMs: Number(values['freeze-ms']), freeze: (forMs) => services.kafka.freeze(forMs) },
    onStep: (line) => process.stderr.write(`${line}\n`),
  });
  const answers = frozen?.answers ?? [];
  const slowestMs = Math.round(Math.max(...answers.map(({ tookMs }) => tookMs)));
  const onAgainMs = Math.round(frozen?.onAgainMs ?? Number.NaN);
  const other = answers.filter(({ status }) => status !== 503).length;
  const refused = sameKey.filter((status) => status !== 202).length;
  const isSound =
    verdict.lost + verdict.foreign + verdict.manyIds + other + refused === 0 &&
    slowestMs <= longestMs &&
    onAgainMs <= onAgainLimitMs;
  const whileStopped = { answers: answers.length, otherThan503: other, slowestMs, onAgainMs };
  process.stdout.write(`${JSON.stringify({ isSound, ...verdict, sameKeyRefused: refused, whileStopped }, null, 2)}\n`);
  process.exitCode = isSound ? 0 : 1;
} finally {
  await services.stop();
  await rm(dataDir, { recursive: true, force: true });
}
