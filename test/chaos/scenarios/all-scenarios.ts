import { poison, poisonBlock, poisonExit } from './bad-tasks.ts';
import { quickKill, quickRestart, quickZombie } from './quick.ts';
import type { Scenario } from './scenario.ts';
import { brokerFreeze, brokerKill, brokerRestart, clickHouseDown, registryDown } from './service-faults.ts';
import { soak } from './soak.ts';
import { deadLettersAway, delayedRetries, retriesAway, retriesRefused } from './topic-faults.ts';
import { killWorkers, rollingRestart, stall, storm, zombie } from './worker-faults.ts';

export const allScenarios: readonly Scenario[] = [
  ...[killWorkers, rollingRestart, zombie, stall, storm],
  ...[brokerRestart, brokerKill, brokerFreeze, clickHouseDown, registryDown],
  ...[poison, poisonExit, poisonBlock],
  ...[deadLettersAway, retriesAway, retriesRefused, delayedRetries],
];

/** Only by name: one takes long, the others are the short form of npm test. */
export const moreScenarios: readonly Scenario[] = [soak, quickKill, quickRestart, quickZombie];
