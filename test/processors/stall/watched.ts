import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startStallWatchdog } from '../../../processors/stall-watchdog.ts';

/** A process that blocks its loop as its arguments say: kind, limit of the watchdog. */
const [, , kind = '', limitMs = ''] = process.argv;

const logger = pino(pino.destination({ dest: 2, sync: true }));
startStallWatchdog({ limitMs: Number(limitMs), logger, running: () => ({ 'p.work': 3 }) });

function blockedHandler(untilMs: number): void {
  for (; Date.now() < untilMs; );
}

await sleep(600);
process.stdout.write('ready\n');
if (kind === 'loop') blockedHandler(Number.POSITIVE_INFINITY);
if (kind === 'system') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
if (kind === 'child') spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
if (kind === 'short') {
  blockedHandler(Date.now() + 2_500);
  // Ends by itself once the warning is out: the watchdog keeps no process alive.
  await sleep(1_000);
}
if (kind === 'idle') await sleep(Number.parseInt(process.argv[4] ?? '', 10));
