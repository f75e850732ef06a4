import { findTarget, type Target } from '../../gateway/catalogue.ts';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { stageGroup } from '../../topics/names.ts';
import type { Admin } from '../../topics/ports.ts';
import { openBroker, withAdmin } from '../connect.ts';
import { countOf } from '../count-of.ts';
import { loadPipelines, modulesOf } from '../load-pipelines.ts';
import { createCommandLogger } from '../logger.ts';
import { printData } from '../output.ts';
import { textTable } from '../text-table.ts';
import {
  type PartitionFacts,
  type PartitionMove,
  parseReplayStart,
  planReplay,
  type ReplayStart,
} from './plan-replay.ts';
import type { ReplayFlags } from './replay-flags.ts';

/** Moves the committed offsets of a stage whose workers are stopped. Rejects with PIPE_GROUP_RUNNING where they run. */
export async function replay(config: Config, place: string, flags: ReplayFlags): Promise<void> {
  const start = parseReplayStart(flags.from);
  const target = await findStage(config, place, flags);
  const broker = await openBroker(config, 'replay', createCommandLogger('replay', config.logLevel));
  const moves = await withAdmin(broker, (admin) => moveGroup(admin, target, start, flags));
  const result = {
    topic: target.topic,
    group: stageGroup(target.pipeline, target.stage),
    dryRun: !!flags.dryRun,
    moves,
  };
  printData(result, { json: flags.json === true, text: () => describeMoves(target, moves, flags) });
}

async function findStage(config: Config, place: string, flags: ReplayFlags): Promise<Target> {
  const [pipeline, stage, ...rest] = place.split('.');
  if (!pipeline || !stage || rest.length > 0) {
    throw new PenstockError('PIPE_CLI_REPLAY_INVALID', `“${place}” is not of the form pipeline.stage`);
  }
  return findTarget(await loadPipelines(config, modulesOf(flags)), pipeline, stage);
}

/** Plans, and unless it is a dry run commits; the places of the records themselves never change. */
export async function moveGroup(
  admin: Admin,
  target: Target,
  start: ReplayStart,
  { partition, dryRun }: Pick<ReplayFlags, 'partition' | 'dryRun'>,
): Promise<PartitionMove[]> {
  const group = stageGroup(target.pipeline, target.stage);
  const facts = await readFacts(admin, target.topic, group, start);
  const wanted = partition === undefined ? facts : facts.filter((one) => one.partition === partition);
  if (wanted.length === 0) {
    throw new PenstockError('PIPE_CLI_REPLAY_INVALID', `${target.topic} has no partition ${partition}`);
  }
  const moves = planReplay(start, wanted);
  if (dryRun) return moves;
  await refuseRunning(admin, group);
  const offsets = moves.map(({ partition: number, next }) => ({ partition: number, offset: next }));
  await admin.setGroupOffsets(group, target.topic, offsets);
  return moves;
}

async function readFacts(admin: Admin, topic: string, group: string, start: ReplayStart): Promise<PartitionFacts[]> {
  if ((await admin.describeTopics([topic])).length === 0) {
    throw new PenstockError('PIPE_TOPIC_UNKNOWN', `there is no topic ${topic}`, { context: { topic } });
  }
  const [offsets, committed, atTime] = await Promise.all([
    admin.offsets(topic),
    admin.groupOffsets(group, topic),
    start.kind === 'time' ? admin.offsetsAt(topic, start.ms) : [],
  ]);
  const ordered = [...offsets].sort((a, b) => a.partition - b.partition);
  return ordered.map(({ partition, earliest, latest }) => {
    const here = atTime.find((one) => one.partition === partition);
    return {
      partition,
      earliest,
      latest,
      committed: committed.find((one) => one.partition === partition)?.committed?.offset ?? null,
      ...(here && { atTime: here.offset }),
    };
  });
}

/** Kafka refuses too; asked first, the answer can say who runs and what to do. */
async function refuseRunning(admin: Admin, group: string): Promise<void> {
  const members = await admin.groupMembers(group);
  if (members.length === 0) return;
  const who = members.map(({ clientId, host }) => `${clientId} at ${host}`).slice(0, 5);
  const them = members.length === 1 ? 'it' : 'them';
  throw new PenstockError(
    'PIPE_GROUP_RUNNING',
    `${countOf(members.length, 'worker')} of ${group} still running (${who.join(', ')}): stop ${them}, replay, and start ${them} again`,
    { context: { group, members: members.length } },
  );
}

export function describeMoves(
  target: Pick<Target, 'topic'>,
  moves: readonly PartitionMove[],
  { dryRun }: Pick<ReplayFlags, 'dryRun'>,
): string {
  const table = textTable(
    ['partition', 'first stored', 'end (next offset)', 'current', 'new', 'to run', 'again', 'skipped', 'note'],
    moves.map((move) => [
      move.partition,
      move.earliest,
      move.latest,
      move.current === null ? 'none' : String(move.current),
      move.next,
      move.toRun,
      move.again,
      move.skipped,
      move.clamped ? 'moved to what is stored' : '',
    ]),
  );
  const total = (key: 'again' | 'toRun') => moves.reduce((sum, move) => sum + move[key], 0);
  const verdict = dryRun ? 'dry run: nothing was changed' : 'offsets moved; start the workers to run it';
  return `${table}\n${target.topic}: ${countOf(total('toRun'), 'record')} to run, ${total('again')} of them again. ${verdict}`;
}
