import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

/** A module of the user's that blocks the loop of whoever loads it, and notes the pid. */
const blocker = (pids: string): string => `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from '${resolve('node_modules/pino/pino.js')}';
import { startStallWatchdog } from '${resolve('processors/stall-watchdog.ts')}';
startStallWatchdog({ limitMs: 500, logger: pino({ level: 'silent' }) });
appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');
await sleep(600);
for (;;);
`;

it('a worker process that its watchdog killed is started again, later each time; the group ends when asked', async () => {
  const folder = makeTempDir();
  const [module, pids] = [join(folder, 'blocker.mts'), join(folder, 'pids')];
  writeFileSync(module, blocker(pids));
  writeFileSync(pids, '');
  const args = ['--import', 'tsx', 'cli/main.ts', 'worker', '--processes', '2', '--module', module];
  const group = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void group.kill('SIGKILL'));
  let log = '';
  group.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ends = () => [...log.matchAll(/^\{.*"a worker process ended"\}$/gm)].map(([line]) => JSON.parse(line));
  const first = () => ends().filter(({ process }) => process === 1);
  await until('a process to end twice', () => first().length >= 2 || undefined, 60_000);
  expect(first().slice(0, 2)).toMatchObject([
    { how: 'signal SIGKILL', againInMs: 500 },
    { how: 'signal SIGKILL', againInMs: 1_000 },
  ]);
  expect(log).toContain('PIPE_WORKER_STALLED');
  group.kill('SIGTERM');
  expect(await once(group, 'exit')).toEqual([0, null]);
  const started = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
  expect(started.length).toBeGreaterThanOrEqual(3);
  expect(started.filter(isAlive)).toEqual([]);
}, 90_000);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
