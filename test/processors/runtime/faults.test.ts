import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../../schemas/errors.ts';
import { until } from '../../helpers/until.ts';
import { RunnerBench, toNext } from './runner-bench.ts';

const tasks = 300;
const partitions = 3;

/** mulberry32: the same faults for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function openBench(random: () => number): Promise<RunnerBench> {
  return RunnerBench.open({
    partitions,
    concurrency: 8,
    timeoutMs: 30,
    async process(task) {
      const draw = random();
      if (task.payload.n % 50 === 49) throw new PenstockError('PIPE_STAGE_REJECTED', 'poison');
      if (draw < 0.03) throw new Error('now and then');
      if (draw < 0.04) await new Promise(() => undefined);
      if (draw < 0.4) await new Promise((resolve) => setTimeout(resolve, draw * 10));
      return toNext(task.payload.n);
    },
  });
}

/** One fault; members that are frozen are thawed later. */
async function fault(bench: RunnerBench, random: () => number, frozen: string[]): Promise<void> {
  const { broker } = bench;
  const members = broker.memberIds('p.work');
  const member = members[Math.floor(random() * members.length)] ?? '';
  const draw = random();
  if (draw < 0.25) broker.rebalance('p.work');
  else if (draw < 0.45) broker.faults.failNextSend();
  else if (draw < 0.6) broker.faults.loseNextAnswer();
  else if (draw < 0.7) broker.faults.failNextCommit();
  else if (draw < 0.8 && members.length > 1) broker.kill(member);
  else if (draw < 0.9 && members.length > 1) {
    frozen.push(member);
    broker.freeze(member);
  } else await bench.start({ drainMs: 5 });
  if (random() < 0.5) for (const each of frozen.splice(0)) broker.thaw(each);
}

describe('faults', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'seed %i: nothing is lost, nothing is committed early',
    async (seed) => {
      const random = randomOf(seed);
      const bench = await openBench(random);
      await bench.submitMany(tasks);
      await bench.start({ drainMs: 5 });
      const frozen: string[] = [];
      for (let each = 0; each < 15; each++) {
        await fault(bench, random, frozen);
        await new Promise((resolve) => setTimeout(resolve, random() * 8));
      }
      await bench.start({ drainMs: 5 });
      const admin = await bench.broker.admin();
      await until('everything committed', async () => {
        const ends = await admin.offsets('p.work');
        const committed = await admin.groupOffsets('p.work', 'p.work');
        return ends.every(({ latest }, at) => committed[at]?.committed?.offset === latest) ? true : undefined;
      });
      const rows = await bench.rows();
      const ended = new Set(
        rows.filter((row) => row.outcome !== 'retry').map((row) => `${row.partition}/${row.offset}`),
      );
      expect(ended.size).toBe(tasks);
      const dead = new Set((await bench.records('p.work.dlq')).map((record) => String(record.value)));
      const handedOn = new Set((await bench.records('p.next')).map((record) => String(record.value)));
      const lost = Array.from({ length: tasks }, (_, n) => `{"n":${n}}`).filter(
        (task) => !dead.has(task) && !handedOn.has(task),
      );
      expect(lost).toEqual([]);
      for (let n = 49; n < tasks; n += 50) expect(dead.has(`{"n":${n}}`)).toBe(true);
      expect(bench.audit.violations).toEqual([]);
    },
  );
});
