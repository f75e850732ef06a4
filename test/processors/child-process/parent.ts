import { once } from 'node:events';
import { inChildProcess } from '../../../processors/child-process/in-child-process.ts';

/** A process that uses a pool, and ends as its argument says; it writes the pid of its child. */
const call = inChildProcess<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url), { processes: 1 });
const ctx = { signal: new AbortController().signal };

const pid = await call({ kind: 'pid' }, ctx);
if (!process.stdout.write(`${pid}\n`)) await once(process.stdout, 'drain');
const [, , how] = process.argv;
if (how !== 'finish') {
  call({ kind: 'loop' }, ctx).catch(() => undefined);
  setImmediate(() => (how === 'die' ? process.kill(process.pid, 'SIGKILL') : process.exit(3)));
}
