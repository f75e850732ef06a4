import { write } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../schemas/errors.ts';
import { createPulse } from './pulse.ts';
import { type Finding, Silence, type SilenceLimits } from './silence.ts';
import { stackOfMain } from './stack-of-main.ts';

export interface WatchdogData {
  readonly memory: SharedArrayBuffer;
  readonly limits: SilenceLimits;
  /** Fields of the last log line, beside what is found. */
  readonly line: Readonly<Record<string, unknown>>;
}

/** What the thread tells the main thread: the loop was silent, and turns again. */
export interface BlockedMessage {
  readonly blockedMs: number;
}

const stackWithinMs = 1_000;
/** Whoever reads our stderr may have stopped to; the main thread may stand still for that very reason. */
const writeWithinMs = 1_000;

function watch({ memory, limits, line }: WatchdogData): void {
  const pulse = createPulse(memory);
  const silence = new Silence(limits);
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    // Cheaper than a timer: this thread has no other work, and its event loop turns only at the end.
    Atomics.wait(sleeper, 0, 0, limits.tickMs);
    const finding = silence.tick(pulse.beats());
    if (finding.kind === 'blocked') parentPort?.postMessage({ blockedMs: finding.ms } satisfies BlockedMessage);
    if (finding.kind !== 'stalled') continue;
    void end(finding, pulse.said(), line);
    return;
  }
}

async function end(finding: Finding & { readonly kind: 'stalled' }, running: string, line: object): Promise<void> {
  const where = await stackOfMain(stackWithinMs).catch((error: unknown) => [messageOf(error)]);
  const told = { ...line, time: Date.now(), stalledMs: finding.ms, running: parsed(running), where };
  setTimeout(kill, writeWithinMs);
  write(2, `${JSON.stringify(told)}\n`, kill);
}

/** It may have been cut. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

watch(workerData);
