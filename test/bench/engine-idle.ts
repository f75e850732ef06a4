import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeProgramArgs } from '../../deploy/embedded/node-program.ts';
import { startStack } from '../../deploy/embedded/stack.ts';
import { until } from '../helpers/until.ts';

const settleMs = 5_000;
const watchMs = 10_000;
const targetPercent = 1;
/** Of a worker that has work to do nothing of this may show. */
const noise = /warning|deprecat|PIPE_|"level":(40|50|60)/i;

/**
 * A worker of three stages that has nothing to do, on a real broker, watchdog and all: the CPU time of its process, and
 * what it says. Each path is a `node` to try it with.
 */
export async function benchIdle(nodes: readonly string[] = [process.execPath]): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-idle-'));
  const stack = await startStack({
    dataDir,
    kafkaPort: 0,
    registryPort: 0,
    clickhousePort: 0,
    only: ['kafka', 'registry'],
  });
  const env = {
    PENSTOCK_BROKERS: stack.brokers.join(','),
    PENSTOCK_REGISTRY_URL: stack.registryUrl,
    PENSTOCK_DATA_DIR: dataDir,
  };
  try {
    const lines: string[] = [];
    for (const node of nodes) lines.push(await measure(node, env));
    return [
      `An idle worker of three stages, CPU over ${watchMs / 1000} s (target ≤ ${targetPercent} %)`,
      ...lines,
    ].join('\n');
  } finally {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(node: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = [...nodeProgramArgs(new URL('../../cli/main', import.meta.url)), 'worker', '--pipeline', 'assets'];
  const child = spawn(node, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  try {
    await until('the worker to run', () => (said.includes('worker runs') ? true : undefined), 60_000);
    await sleep(settleMs);
    const before = await cpuMs(child.pid);
    await sleep(watchMs);
    const percent = (((await cpuMs(child.pid)) - before) / watchMs) * 100;
    const complaints = said.split('\n').filter((line) => noise.test(line));
    return [`  ${await versionOf(node)}   ${percent.toFixed(2)} %, ${complaints.length} warnings`, ...complaints].join(
      '\n',
    );
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

async function versionOf(node: string): Promise<string> {
  const child = spawn(node, ['--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks = await child.stdout.toArray();
  return chunks.join('').trim();
}
