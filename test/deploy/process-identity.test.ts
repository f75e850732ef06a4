import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endProcess } from '../../deploy/embedded/end-process.ts';
import { identifyProcess, isProcessAlive } from '../../deploy/embedded/process-identity.ts';

function startIdle(script: string) {
  return spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000); process.stdout.write('up')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('a process is known by its start: the same pid with another start is another process', () => {
  const me = identifyProcess(process.pid);
  expect(me).toMatchObject({ pid: process.pid });
  expect(me && isProcessAlive(me)).toBe(true);
  expect(isProcessAlive({ pid: process.pid, startTime: 'another time' })).toBe(false);
});

test('an ended process is not alive', async () => {
  const child = startIdle('');
  await once(child.stdout, 'data');
  const identity = identifyProcess(child.pid ?? 0);
  expect(identity).toBeDefined();
  if (!identity) return;
  await endProcess(identity, 5000);
  expect(isProcessAlive(identity)).toBe(false);
  await expect(endProcess(identity, 5000)).resolves.toBeUndefined();
});

test('one that ignores SIGTERM is killed after the grace', async () => {
  const child = startIdle(`process.on('SIGTERM', () => {})`);
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const identity = identifyProcess(child.pid ?? 0);
  if (identity) await endProcess(identity, 100);
  expect((await exited)[1]).toBe('SIGKILL');
});
