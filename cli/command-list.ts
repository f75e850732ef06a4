import type { Command } from 'commander';
import { registerCancel } from './commands/cancel.ts';
import { registerConfig } from './commands/config.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDev } from './commands/dev.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDown } from './commands/down.ts';
import { registerGateway } from './commands/gateway.ts';
import { registerReplay } from './commands/replay.ts';
import { registerSink } from './commands/sink.ts';
import { registerSql } from './commands/sql.ts';
import { registerStats } from './commands/stats.ts';
import { registerStatus } from './commands/status.ts';
import { registerSubmit } from './commands/submit.ts';
import { registerTask } from './commands/task.ts';
import { registerTasks } from './commands/tasks.ts';
import { registerToken } from './commands/token.ts';
import { registerTop } from './commands/top.ts';
import { registerTopics } from './commands/topics.ts';
import { registerUp } from './commands/up.ts';
import { registerWorker } from './commands/worker.ts';

/** Adds one command to the program. Load what is heavy inside the action, so that `--help` stays quick. */
export type RegisterCommand = (program: Command) => void;

/** In the order of `penstock --help`. A new command is one import above and one line here. */
export const commandList: readonly RegisterCommand[] = [
  registerDemo,
  registerDev,
  registerUp,
  registerDown,
  registerStatus,
  registerGateway,
  registerWorker,
  registerSink,
  registerSubmit,
  registerTask,
  registerTasks,
  registerCancel,
  registerSql,
  registerStats,
  registerTop,
  registerReplay,
  registerTopics,
  registerToken,
  registerDoctor,
  registerConfig,
];
