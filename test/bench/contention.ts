import { readdir, readFile } from 'node:fs/promises';

/*
 * What other processes took of the machine while a benchmark ran, from the kernel's own counts: a figure of a busy
 * machine should say so. Linux only; elsewhere it is not known.
 */

const sampleMs = 1_000;
/** Of a process that ended between two samples the last stretch counts as foreign: at most one sample of one process. */
const ticksPerSecond = 100;

interface Sample {
  readonly busyTicks: number;
  readonly own: ReadonlyMap<number, number>;
}

export interface Contention {
  /** Cores kept busy by others, in the mean; undefined: not known. */
  stop(): Promise<number | undefined>;
}

export function watchContention(): Contention {
  const since = performance.now();
  const first = takeSample();
  let ownTicks = 0;
  let last = first;
  const follow = (): Promise<Sample | undefined> => {
    const before = last;
    last = takeSample();
    return Promise.all([before, last]).then(([earlier, now]) => {
      for (const [pid, ticks] of now?.own ?? []) ownTicks += Math.max(0, ticks - (earlier?.own.get(pid) ?? 0));
      return now;
    });
  };
  const timer = setInterval(() => void follow(), sampleMs);
  return {
    async stop() {
      clearInterval(timer);
      const [start, end] = [await first, await follow()];
      if (start === undefined || end === undefined) return undefined;
      const seconds = (performance.now() - since) / 1_000;
      return Math.max(0, (end.busyTicks - start.busyTicks - ownTicks) / ticksPerSecond / seconds);
    },
  };
}

async function takeSample(): Promise<Sample | undefined> {
  try {
    const [, user = 0, nice = 0, system = 0] = (await readFile('/proc/stat', 'utf8')).split(/\s+/).map(Number);
    return { busyTicks: user + nice + system, own: await ownTicks() };
  } catch {
    return undefined;
  }
}

/** Of this process and all below it. */
async function ownTicks(): Promise<ReadonlyMap<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = new Map((await Promise.all(pids.map(readProcess))).flatMap((each) => (each ? [[each.pid, each]] : [])));
  const isOwn = (pid: number): boolean => pid === process.pid || (pid > 1 && isOwn(all.get(pid)?.parent ?? 0));
  return new Map([...all.values()].filter(({ pid }) => isOwn(pid)).map(({ pid, ticks }) => [pid, ticks]));
}

async function readProcess(pid: number): Promise<{ pid: number; parent: number; ticks: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return fields && { pid, parent: fields[1] ?? 0, ticks: (fields[11] ?? 0) + (fields[12] ?? 0) };
}
