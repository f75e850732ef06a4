import { deadLetterHeader } from '../../../../schemas/envelope.ts';
import type { AttemptBatch } from '../../../../schemas/generated/attempt-batch.ts';
import { attemptsTopic } from '../../../../topics/names.ts';
import type { InboundRecord } from '../../../../topics/ports.ts';
import type { Run } from './ledger.ts';
import { endOf } from './scenario.ts';
import { groups, topicsOfGroup, type World } from './world.ts';

export interface Tally {
  readonly records: number;
  readonly runs: number;
  /** Of the runs, those in a batch of two or more. */
  readonly batched: number;
  /** Places that ended more than once, counted once for each end too many. */
  readonly duplicates: number;
  /** Records that ended so. */
  readonly cancelled: number;
  /** Tasks that were given up because they ran when an owner vanished. */
  readonly blamed: number;
}

/** After the drain: each record ended as it must, nothing came from nowhere. */
export async function auditEnd(world: World, violations: string[]): Promise<Tally> {
  const outcomes = await readOutcomes(world);
  const { letters, blamed } = await readLetters(world, violations);
  const handedOn = new Set<string>();
  const ended = new Map<string, boolean>();
  let records = 0;
  let duplicates = 0;
  let cancelled = 0;
  for (const topic of groups.flatMap((group) => topicsOfGroup(group, world.scenario))) {
    for (const [place, record] of await readTopic(world, topic)) {
      records++;
      const n = taskOf(topic, record);
      if (topic === 'p.next') handedOn.add(n);
      const ends = outcomes.get(place) ?? [];
      outcomes.delete(place);
      duplicates += Math.max(0, ends.length - 1);
      const due = endOf(world.scenario.planOf(n));
      const mayBeCancelled = world.cancelled.has(n.split('.')[0] ?? '');
      const isCancelled = mayBeCancelled && ends.includes('cancelled');
      if (isCancelled) cancelled++;
      ended.set(n, ended.get(n) === true || ends.includes(due) || isCancelled || blamed.has(n));
      if (ends.length === 0) violations.push(`${place} (task ${n}) is lost: it should be ${due}`);
      if (blamed.has(n)) continue;
      const other = ends.find(
        (outcome) => outcome !== due && outcome !== 'moved' && !(mayBeCancelled && outcome === 'cancelled'),
      );
      if (other !== undefined) violations.push(`${place} (task ${n}) ended ${other}, it should be ${due}`);
      const isDead = ends.includes('dead');
      // Buried by a worker that died before it could say so, and then cancelled.
      const isBuriedFirst = isCancelled && letters.has(place) && due === 'dead';
      if (letters.has(place) !== isDead && !isBuriedFirst)
        violations.push(`${place} (task ${n}): dead letter ${!isDead}, ends ${ends}`);
    }
  }
  for (const [n, isEnded] of ended) if (!isEnded) violations.push(`task ${n} went round and never ended`);
  for (const place of outcomes.keys()) violations.push(`${place} has a row and no record`);
  checkHandedOn(world, handedOn, blamed, violations);
  checkCancelled(world, violations);
  const { runs } = world.ledger;
  return { records, runs: runs.length, batched: countBatched(runs), duplicates, cancelled, blamed: blamed.size };
}

function countBatched(runs: readonly Run[]): number {
  const sizes = new Map<number, number>();
  for (const { batch } of runs) if (batch !== undefined) sizes.set(batch, (sizes.get(batch) ?? 0) + 1);
  return [...sizes.values()].filter((size) => size > 1).reduce((sum, size) => sum + size, 0);
}

/** A look at the registry that fails, its second of rest, and the network. */
const cancelSlackMs = 2_500;

/** Once an order had time to arrive nothing of the task begins; who was frozen hears of it when it thaws. */
function checkCancelled({ cancelled, ledger, workers }: World, violations: string[]): void {
  const stood = new Set(workers.filter(({ wasFrozen }) => wasFrozen).map(({ name }) => name));
  for (const { n, start, worker, zombie, place } of ledger.runs) {
    const orderedAt = cancelled.get(n.split('.')[0] ?? '');
    if (orderedAt === undefined || zombie || stood.has(worker) || start <= orderedAt + cancelSlackMs) continue;
    violations.push(`${place} (task ${n}) began ${start - orderedAt} ms after it was cancelled`);
  }
}

function checkHandedOn(
  world: World,
  handedOn: ReadonlySet<string>,
  blamed: ReadonlySet<string>,
  violations: string[],
): void {
  const { submissions, planOf } = world.scenario;
  const due = submissions.flatMap(({ plan }) => (endOf(plan) === 'ok' ? plan.outputs : []));
  const mayLack = (n: string) => blamed.has(n.split('.')[0] ?? '') || world.cancelled.has(n.split('.')[0] ?? '');
  for (const n of due) if (!handedOn.has(n) && !mayLack(n)) violations.push(`output ${n} is lost`);
  const wanted = new Set(due);
  for (const n of handedOn) {
    const parent = planOf(n.split('.')[0] ?? '');
    if (!wanted.has(n)) violations.push(`output ${n} came from nowhere (${parent.manner}, ${parent.flaw})`);
  }
}

/** Terminal rows by place; `moved` where the task went on as another record for its own stage. */
async function readOutcomes(world: World): Promise<Map<string, string[]>> {
  const outcomes = new Map<string, string[]>();
  for (const [, record] of await readTopic(world, attemptsTopic)) {
    const batch: AttemptBatch = JSON.parse(String(record.value));
    for (const { outcome, nextStage, partition, offset } of batch.attempts) {
      if (outcome === 'running' || (outcome === 'retry' && nextStage === '')) continue;
      const place = `${batch.topic}/${partition}@${offset}`;
      outcomes.set(place, [...(outcomes.get(place) ?? []), outcome === 'retry' ? 'moved' : outcome]);
    }
  }
  return outcomes;
}

/** `blamed`: tasks that ran when the third owner in a row vanished; chance does that here, and it is no loss. */
async function readLetters(world: World, violations: string[]) {
  const letters = new Set<string>();
  const blamed = new Set<string>();
  for (const group of groups) {
    const sources = new Map<string, InboundRecord>();
    for (const topic of topicsOfGroup(group, world.scenario)) {
      for (const [place, record] of await readTopic(world, topic)) sources.set(place, record);
    }
    for (const [, letter] of await readTopic(world, `${group}.dlq`)) {
      const { topic, partition, offset, code } = JSON.parse(String(letter.headers[deadLetterHeader]));
      if (code === 'PIPE_STAGE_ENDS_WORKER') blamed.add(taskOf(group, letter));
      const place = `${topic}/${partition}@${offset}`;
      letters.add(place);
      const source = sources.get(place);
      if (source === undefined || !isSame(source.value, letter.value) || !isSame(source.key, letter.key)) {
        violations.push(`the dead letter of ${place} is not its record`);
      }
    }
  }
  return { letters, blamed };
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

/** What was submitted says it in its id, if its value cannot; what was handed on may carry the id of its parent. */
function taskOf(topic: string, record: InboundRecord): string {
  const header = record.headers.penstock;
  const id = header === undefined || !topic.startsWith('p.work') ? undefined : String(JSON.parse(String(header)).id);
  return id?.startsWith('t') ? id.slice(1) : JSON.parse(String(record.value)).n;
}

/** The whole topic, by place. */
export async function readTopic(world: World, topic: string): Promise<Map<string, InboundRecord>> {
  const records = new Map<string, InboundRecord>();
  const ends = await (await world.broker.admin()).offsets(topic);
  const total = ends.reduce((sum, { latest }) => sum + latest, 0);
  const consumer = world.broker.consumer({ groupId: `read-${topic}`, topics: [topic] });
  await consumer.start({
    assigned() {},
    rebalancing() {},
    records: (batch) => {
      for (const record of batch.records) records.set(`${topic}/${batch.partition}@${record.offset}`, record);
    },
    failed() {},
  });
  while (records.size < total) await world.clock.sleep(1);
  await consumer.stop();
  return records;
}
