import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ChildProcessOptions, inChildProcess } from '../../../processors/child-process/in-child-process.ts';
import { classifyFailure } from '../../../processors/runtime/retry-decision.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import { makeTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import type { Throwable } from './work.ts';

const never = { signal: new AbortController().signal };

function openPool(options: ChildProcessOptions = {}) {
  const call = inChildProcess<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url), {
    processes: 1,
    ...options,
  });
  onTestFinished(() => call.close());
  return call;
}

const isAlive = (pid: unknown): boolean => existsSync(`/proc/${pid}`);
const pidOf = async (call: ReturnType<typeof openPool>) => call({ kind: 'pid' }, never);
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

describe('a call', () => {
  it('copies input and result, bytes included, and uses the same child again', async () => {
    const call = openPool();
    const value = { bytes: Buffer.from('abc'), big: 5n, none: undefined, list: [1, undefined, 3], date: new Date(7) };
    expect(await call({ kind: 'echo', value }, never)).toEqual(value);
    expect(await pidOf(call)).toBe(await pidOf(call));
    expect(await pidOf(call)).not.toBe(process.pid);
  });

  it('runs no more children than told; the rest wait in order', async () => {
    const call = openPool({ processes: 2 });
    expect(call.processes).toBe(2);
    const pids = await Promise.all(Array.from({ length: 12 }, () => pidOf(call)));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });

  it('rejects with what the module threw, judged as if it were thrown here', async () => {
    const call = openPool();
    const codes: [Throwable, string, string, number | undefined][] = [
      ['retryable', 'PIPE_STAGE_RETRYABLE', 'not yet', 1234],
      ['reject', 'PIPE_STAGE_REJECTED', 'never', undefined],
      ['system', 'PIPE_STAGE_THREW', 'no such file', undefined],
      ['undefined', 'PIPE_STAGE_THREW', 'a value that is no Error was thrown (undefined)', undefined],
      ['symbol', 'PIPE_STAGE_THREW', 'a value that is no Error was thrown (symbol)', undefined],
      ['hostile', 'PIPE_STAGE_THREW', 'the message of the thrown value could not be read', undefined],
      ['proxy', 'PIPE_STAGE_THREW', 'the message of the thrown value could not be read', undefined],
    ];
    for (const [what, code, message, afterMs] of codes) {
      const error = await caught(call({ kind: 'throw', what }, never));
      expect(classifyFailure(error), what).toEqual({ code, message, afterMs });
    }
    expect(await caught(call({ kind: 'throw', what: 'retryable' }, never))).toBeInstanceOf(PenstockError);
    const system = await caught(call({ kind: 'throw', what: 'system' }, never));
    expect(system).toMatchObject({ code: 'ENOENT', syscall: 'open', path: '/x' });
  });

  it.each(['function', 'stream'] as const)('refuses a result that cannot travel: %s', async (kind) => {
    const call = openPool();
    expect(await caught(call({ kind }, never))).toMatchObject({ code: 'PIPE_STAGE_OUTPUT_INVALID' });
    expect(await call({ kind: 'echo', value: 1 }, never)).toBe(1);
  });

  it('refuses an input that cannot travel, and goes on', async () => {
    const call = openPool();
    await expect(call({ kind: 'echo', value: () => 1 }, never)).rejects.toThrow('could not be cloned');
    expect(await call({ kind: 'echo', value: 1 }, never)).toBe(1);
  });
});

describe('an abort', () => {
  it.each([{ kind: 'loop' }, { kind: 'sync-sleep', ms: 600_000 }] as const)(
    'kills %o, and the next call runs',
    async (order) => {
      const call = openPool();
      const pid = await pidOf(call);
      const controller = new AbortController();
      const looping = caught(call(order, controller));
      const next = pidOf(call);
      const reason = new Error('time is over');
      controller.abort(reason);
      expect(await looping).toBe(reason);
      expect(await next).not.toBe(pid);
      expect(isAlive(pid)).toBe(false);
    },
  );

  it('takes a call that waits off the queue, and leaves the child alone', async () => {
    const call = openPool();
    const pid = await pidOf(call);
    const controller = new AbortController();
    const first = call({ kind: 'sync-sleep', ms: 50 }, never);
    const waiting = caught(call({ kind: 'exit', code: 9 }, controller));
    controller.abort(new Error('no longer'));
    expect(await waiting).toMatchObject({ message: 'no longer' });
    await first;
    expect(await pidOf(call)).toBe(pid);
    await expect(call({ kind: 'pid' }, controller)).rejects.toThrow('no longer');
  });
});

describe('a child that ends', () => {
  it.each([
    ['process.exit(0)', { kind: 'exit', code: 0 }, 'exit code 0'],
    ['process.exit(3)', { kind: 'exit', code: 3 }, 'exit code 3'],
    ['process.abort()', { kind: 'abort' }, 'signal SIGABRT'],
    ['a heap filled bit by bit', { kind: 'memory', how: 'objects' }, 'its heap reaches the limit of 48 MB'],
    ['a heap filled at once', { kind: 'memory', how: 'one-large' }, 'its heap reaches the limit of 48 MB'],
  ] as const)('is a failed attempt, and is replaced: %s', async (_what, order, how) => {
    const call = openPool({ maxMemoryMb: 48 });
    const [failed, next] = await Promise.all([caught(call(order, never)), call({ kind: 'echo', value: 2 }, never)]);
    expect(failed).toMatchObject({ code: 'PIPE_STAGE_CPU_CRASHED', retryable: true });
    expect(String(failed)).toContain(how);
    expect(next).toBe(2);
  });

  it('between two calls is replaced', async () => {
    const call = openPool();
    const pid = await call({ kind: 'later-crash' }, never);
    await until('the child to end', () => (isAlive(pid) ? undefined : true));
    await until('a call of another child', () =>
      pidOf(call).then(
        (next) => next !== pid || undefined,
        () => undefined,
      ),
    );
  });

  it('is said of a module that cannot be loaded too, with the reason', async () => {
    const file = join(makeTempDir(), 'broken.mjs');
    writeFileSync(file, 'import "./nowhere.mjs";');
    const call = inChildProcess<typeof import('./work.ts')>(pathToFileURL(file));
    onTestFinished(() => call.close());
    await expect(call({ kind: 'pid' }, never)).rejects.toThrow(/broken\.mjs cannot be loaded: .*nowhere/);
  });
});

describe('the pool', () => {
  it('ends its children when closed, and starts new ones later', async () => {
    const call = openPool();
    const pid = await pidOf(call);
    const running = caught(call({ kind: 'loop' }, never));
    const waiting = caught(call({ kind: 'pid' }, never));
    await call.close();
    expect(isAlive(pid)).toBe(false);
    expect(await waiting).toMatchObject({ code: 'PIPE_STAGE_STOPPED' });
    expect(await running).toMatchObject({ code: 'PIPE_STAGE_STOPPED' });
    expect(await pidOf(call)).not.toBe(pid);
  });

  it('refuses what is more than a thousand waiting calls', async () => {
    const call = openPool();
    const calls = Array.from({ length: 1_010 }, () => caught(call({ kind: 'loop' }, never)));
    expect(await calls.at(-1)).toMatchObject({ code: 'PIPE_STAGE_CPU_FULL', retryable: true });
    await call.close();
    expect(await calls[0]).toMatchObject({ code: 'PIPE_STAGE_STOPPED' });
  });

  it('refuses a module that is not there when it is made, and takes .js for .ts', () => {
    expect(() => inChildProcess(new URL('./nowhere.ts', import.meta.url))).toThrow('nowhere.ts');
    expect(() => inChildProcess(new URL('https://example.com/x.js'))).toThrow('is no file');
    expect(inChildProcess(new URL('./work.js', import.meta.url)).processes).toBeGreaterThan(0);
  });
});

describe('a process with a pool', () => {
  it.each(['finish', 'die', 'exit'])('leaves no child behind, not even one that loops: %s', async (how) => {
    const program = join(import.meta.dirname, 'parent.ts');
    const parent = spawn(process.execPath, ['--import', 'tsx', program, how], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void parent.kill('SIGKILL'));
    let pid = '';
    parent.stdout.on('data', (chunk) => {
      pid += chunk;
    });
    const [code, signal] = await once(parent, 'exit');
    expect(signal ?? code).toBe({ finish: 0, die: 'SIGKILL', exit: 3 }[how]);
    expect(pid).toMatch(/^\d+\n$/);
    await until('the child to end', () => (isAlive(pid.trim()) ? undefined : true));
  });
});
