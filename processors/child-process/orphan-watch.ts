import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Kills the process once it has another parent; as text, so that it starts without a loader and before anything else. */
const script = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
  }, 1000);
`;

/**
 * For a child process that may compute without end: when its parent is killed meanwhile it cannot hear that its channel
 * closed, but a thread of it sees. Resolves when the thread runs.
 */
export async function watchForOrphanhood(parentPid: number): Promise<void> {
  const thread = new Worker(script, { eval: true, execArgv: [], workerData: parentPid });
  await once(thread, 'online');
  thread.unref();
}
