import { PenstockError } from '../../../../schemas/errors.ts';
import type { Random } from './random.ts';
import type { SimWorker } from './sim-worker.ts';
import { groups, type World } from './world.ts';

const weights = {
  rebalance: 4,
  'send refused': 3,
  'answer lost': 3,
  'topic away': 1,
  'commit refused': 3,
  'acks held': 2,
  'commit answers held': 2,
  kill: 3,
  freeze: 3,
  restart: 2,
  crash: 1,
  'one more': 2,
  'registry away': 1,
};

export type Fault = keyof typeof weights;
const mostWorkers = 6;
const topics = ['penstock.attempts', 'p.work.dlq', 'p.next', 'p.next.dlq'] as const;

/** One fault; what it breaks for a while heals by itself. */
export function strike(world: World, random: Random): Fault {
  const fault = random.weighted(weights);
  const { broker, clock } = world;
  const up = world.workers.filter((worker) => worker.started && !worker.frozen);
  const victim = up[random.between(0, Math.max(0, up.length - 1))];
  const topic = random.pick(topics);
  const whileMs = random.between(1, 200);
  const heal = (undo: () => void) => void clock.after(whileMs, undo);
  const simple: Partial<Record<Fault, () => void>> = {
    rebalance: () => broker.rebalance(random.pick(groups)),
    'send refused': () => broker.faults.failNextSend({ topic }),
    'answer lost': () => broker.faults.loseNextAnswer({ topic }),
    'topic away': () => {
      for (let times = random.between(2, 5); times > 0; times--) broker.faults.failNextSend({ topic });
    },
    'commit refused': () => {
      for (let times = random.between(1, 5); times > 0; times--) broker.faults.failNextCommit();
    },
    'acks held': () => heal(broker.faults.holdAcks()),
    'commit answers held': () => heal(broker.faults.holdCommits()),
    'one more': () => {
      if (up.length < mostWorkers) void world.startWorker();
    },
    'registry away': () => {
      world.registryAway = true;
      heal(() => {
        world.registryAway = false;
      });
    },
  };
  const act = simple[fault];
  if (act !== undefined) act();
  else if (victim !== undefined) strikeWorker(world, fault, victim, heal);
  return fault;
}

function strikeWorker(world: World, fault: Fault, victim: SimWorker, heal: (undo: () => void) => void): void {
  if (fault === 'freeze') {
    victim.freeze();
    heal(() => victim.thaw());
    return;
  }
  if (fault === 'kill') victim.kill();
  else if (fault === 'crash') victim.crash(new PenstockError('PIPE_CONSUMER_SILENT', 'a fault of the simulation'));
  else void victim.stop();
  heal(() => void world.startWorker());
}
