import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../helpers/until.ts';

/** A watched process, what it wrote to stderr, and its end. */
function start(kind: string, limitMs: number, ...more: string[]) {
  const program = join(import.meta.dirname, 'watched.ts');
  const args = ['--import', 'tsx', program, kind, String(limitMs), ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code);
  const ready = () => until('the process to be ready', () => output.out.includes('ready') || undefined);
  const lines = (): Record<string, unknown>[] =>
    output.err
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { child, ended, ready, lines };
}

describe('the stall watchdog', () => {
  it('kills a process that loops, and says where and what ran', async () => {
    const { ended, lines } = start('loop', 1_500);
    expect(await ended).toBe('SIGKILL');
    const [line, ...rest] = lines();
    expect(rest).toEqual([]);
    expect(line).toMatchObject({ level: 60, code: 'PIPE_WORKER_STALLED', stalledMs: 1_500, running: { 'p.work': 3 } });
    expect(line?.where).toEqual(expect.arrayContaining([expect.stringMatching(/^blockedHandler file:.*watched/)]));
  });

  it('kills a process that hangs in a call of the system too', async () => {
    const { ended, lines } = start('system', 1_000);
    expect(await ended).toBe('SIGKILL');
    expect(lines()).toMatchObject([{ code: 'PIPE_WORKER_STALLED', running: { 'p.work': 3 } }]);
  });

  it('warns of a shorter stall once it is over, and keeps no process alive', async () => {
    const { ended, lines } = start('short', 30_000);
    expect(await ended).toBe(0);
    expect(lines()).toMatchObject([{ level: 40, code: 'PIPE_WORKER_BLOCKED' }]);
    expect(Number(lines()[0]?.blockedMs)).toBeGreaterThanOrEqual(1_000);
  });

  it('does not hold it against a process that it was stopped for longer', async () => {
    const { child, ended, ready, lines } = start('idle', 1_500, '3000');
    await ready();
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    child.kill('SIGCONT');
    expect(await ended).toBe(0);
    expect(lines()).toEqual([]);
  });
});
