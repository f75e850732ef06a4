import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../../../deploy/embedded/stack.ts';
import { Random } from '../../processors/runtime/simulation/random.ts';
import { runSinkChaos } from './run-sink-chaos.ts';

/** `npm run test:chaos:sink -- [--kills 40] [--outage-ms 60000] [--seed N]`; exit code 1 where anything is lost or twice. */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '40' },
    'outage-ms': { type: 'string', default: '60000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const dataDir = await mkdtemp(join(tmpdir(), 'penstock-sink-chaos-'));
const stack = await startStack({
  dataDir,
  kafkaPort: 0,
  registryPort: 0,
  clickhousePort: 0,
  only: ['kafka', 'registry'],
});
const random = new Random(Number(values.seed));
process.stderr.write(`seed ${values.seed}\n`);
try {
  const result = await runSinkChaos({
    brokers: stack.brokers.join(','),
    registryUrl: stack.registryUrl,
    dataDir: join(dataDir, 'under-test'),
    name: 'sinkchaos',
    kills: Number(values.kills),
    outageMs: Number(values['outage-ms']),
    random: () => random.next(),
    onStep: (line) => process.stderr.write(`${line}\n`),
  });
  const { sent, rows, places, tasks, verification } = result;
  const isSound = [rows, places, tasks].every((each) => each === sent) && verification.differences.length === 0;
  process.stdout.write(`${JSON.stringify({ isSound, seed: values.seed, ...result }, null, 2)}\n`);
  process.exitCode = isSound ? 0 : 1;
} finally {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}
