import { type Command, InvalidArgumentError } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { endSoon } from '../end-soon.ts';
import { loadPipelines, moduleFlag, modulesOf } from '../load-pipelines.ts';
import { createLogger } from '../logger.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface WorkerFlags {
  readonly pipeline?: readonly string[];
  readonly stage?: readonly string[];
  readonly processes?: number;
  readonly module?: readonly string[];
}

type Flags = WorkerFlags & Readonly<Record<string, unknown>>;

const maxProcesses = 64;

export function registerWorker(program: Command): void {
  const command = program.command('worker').description('run the stages of pipelines');
  addConfigFlags(command, [...connectionFlags, 'blobUrl', 'uploadUrl', 'downloadAllow'])
    .option('--pipeline <name...>', 'only these pipelines')
    .option('--stage <name...>', 'only these stages: name, or pipeline.name')
    .option('--processes <count>', 'so many worker processes; one that dies is started again', readCount)
    .option(...moduleFlag)
    .action(runWorker);
}

async function runWorker(flags: Flags): Promise<void> {
  const config = configOf(flags);
  const logger = createLogger('worker', config.logLevel);
  if ((flags.processes ?? 1) > 1) {
    const { runWorkerGroup } = await import('../local/worker-group.ts');
    await runWorkerGroup({ count: flags.processes ?? 1, args: withoutCount(process.argv.slice(2)), logger });
    return;
  }
  const interrupted = untilInterrupted();
  const { startConfiguredWorker } = await import('../../processors/main.ts');
  const pipelines = await loadPipelines(config, modulesOf(flags));
  const { pipeline: only = [], stage: stages = [] } = flags;
  const worker = await startConfiguredWorker({ config, pipelines, only, stages, logger });
  const end = await Promise.race([interrupted, worker.failed]);
  if (typeof end === 'string') logger.info({ signal: end }, 'worker drains');
  await worker.stop();
  endSoon();
  if (typeof end !== 'string') throw end;
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= maxProcesses) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${maxProcesses}.`);
}

/** The arguments of one process of the group. */
function withoutCount(args: readonly string[]): string[] {
  const at = args.indexOf('--processes');
  return args.filter((arg, index) => !arg.startsWith('--processes') && (at < 0 || index !== at + 1));
}
