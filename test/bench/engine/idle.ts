import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeProgramArgs } from '../../../deploy/embedded/node-program.ts';
import { startStack } from '../../../deploy/embedded/stack.ts';
import { until } from '../../helpers/until.ts';
import type { BenchOptions, Report } from '../report.ts';

/** What was started is compiled and collected by then, and the worker counts as idle. */
const settleMs = 30_000;
const watchMs = 10_000;
const targetPercent = 1;
/** Of a worker that has work to do nothing of this may show. */
const noise = /warning|deprecat|PIPE_|"level":(40|50|60)/i;

interface Idling {
  readonly percents: readonly number[];
  readonly complaints: readonly string[];
}

/** A worker of three stages that has nothing to do, watchdog and all: the CPU time of its process, and what it says. */
export async function benchIdle({ quick }: BenchOptions): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-idle-'));
  const only = ['kafka', 'registry'] as const;
  const stack = await startStack({ dataDir, kafkaPort: 0, registryPort: 0, clickhousePort: 0, only });
  const env = {
    PENSTOCK_BROKERS: stack.brokers.join(','),
    PENSTOCK_REGISTRY_URL: stack.registryUrl,
    PENSTOCK_DATA_DIR: dataDir,
  };
  try {
    const { percents, complaints } = await watchWorker(env, quick ? 1 : 3);
    return {
      title: `An idle worker of three stages, Node ${process.version}`,
      measures: [
        { what: `CPU over ${watchMs / 1000} s`, unit: '%', values: percents, target: { atMost: targetPercent } },
        { what: 'warnings', unit: '', values: [complaints.length], target: { atMost: 0 } },
      ],
      notes: complaints,
    };
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function watchWorker(env: Readonly<Record<string, string>>, rounds: number): Promise<Idling> {
  const args = [...nodeProgramArgs(new URL('../../../cli/main', import.meta.url)), 'worker', '--pipeline', 'assets'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  try {
    await until('the worker to run', () => (said.includes('worker runs') ? true : undefined), 60_000);
    await sleep(settleMs);
    const percents: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = await cpuMs(child.pid);
      await sleep(watchMs);
      percents.push((((await cpuMs(child.pid)) - before) / watchMs) * 100);
    }
    return { percents, complaints: said.split('\n').filter((line) => noise.test(line)) };
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

/** User and system time of all threads; the kernel counts in hundredths of a second. */
async function cpuMs(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
