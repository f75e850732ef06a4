import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { type ClickHouse, connectClickHouse } from '../../../processors/sinks/clickhouse.ts';
import { migrate } from '../../../processors/sinks/migrate.ts';
import { type Verification, verifyRollUps } from '../../../processors/stats/verify-roll-ups.ts';
import { createCodec } from '../../../schemas/codec.ts';
import { type Attempt, attemptBatchSchema } from '../../../schemas/generated/attempt-batch.ts';
import { connectKafka } from '../../../topics/client.ts';
import type { Broker, Producer } from '../../../topics/ports.ts';
import { startClickHouseProcess } from '../../deploy/clickhouse-process.ts';
import { until } from '../../helpers/until.ts';
import { aBatch, anAttempt } from '../../processors/sinks/attempts.ts';
import { startUnkindProxy, type Unkindness, type UnkindProxy } from './unkind-proxy.ts';

export interface SinkChaosOptions {
  readonly brokers: string;
  readonly registryUrl: string;
  /** Of the ClickHouse that is started for it. */
  readonly dataDir: string;
  /** Unused name of its topic, group and database. */
  readonly name: string;
  /** How often the sink is killed. */
  readonly kills: number;
  /** How long ClickHouse is away, once. */
  readonly outageMs: number;
  /** 0 up to 1, the next each time. */
  readonly random: () => number;
  readonly onStep?: (line: string) => void;
}

export interface SinkChaosResult {
  readonly kills: number;
  readonly sent: number;
  readonly rows: number;
  readonly places: number;
  readonly tasks: number;
  readonly repeats: UnkindProxy['counts'];
  readonly verification: Verification;
}

const partitions = 3;
const recordsPerRound = 40;
const rowsPerRecord = 20;
const hourMs = 3_600_000;
const moods: readonly Unkindness[] = ['none', 'slow', 'drop', 'cut'];

/** Kills the sink at random moments, under an unkind ClickHouse, and tells what is stored in the end. */
export async function runSinkChaos(options: SinkChaosOptions): Promise<SinkChaosResult> {
  const world = await openWorld(options);
  try {
    for (let round = 1; round <= options.kills; round += 1) await killOnce(world, options, round);
    world.proxy.mood = 'none';
    const last = await startSink(world, options);
    await drained(world.broker, options.name);
    await endSink(last);
    return await judge(world, options.kills);
  } finally {
    await world.close();
  }
}

interface World {
  readonly broker: Broker;
  readonly clickhouse: ClickHouse;
  readonly proxy: UnkindProxy;
  readonly send: () => Promise<void>;
  readonly sent: () => number;
  readonly outage: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openWorld(options: SinkChaosOptions): Promise<World> {
  const { name, dataDir, brokers, registryUrl } = options;
  let server = await startClickHouseProcess(dataDir);
  const proxy = await startUnkindProxy(server.port);
  const clickhouse = connectClickHouse({ url: server.url, user: 'default', password: '', database: name });
  await migrate(clickhouse);
  const logger = pino({ level: 'silent' });
  const broker = connectKafka({ brokers: brokers.split(','), ssl: false, clientId: name, logger });
  const admin = await broker.admin();
  await admin.createTopics([{ name, partitions, config: {} }]);
  await admin.close();
  const codec = createCodec({ registryUrl });
  await codec.register(`${name}-value`, attemptBatchSchema);
  const producer = await broker.producer();
  let sent = 0;
  return {
    ...{ broker, clickhouse, proxy, sent: () => sent },
    async send() {
      const encode = (attempts: readonly Attempt[]) =>
        codec.encode(attemptBatchSchema, `${name}-value`, aBatch(attempts));
      sent += await sendRound(producer, name, sent, encode);
    },
    async outage(ms) {
      await server.stop('SIGKILL');
      await delay(ms);
      server = await startClickHouseProcess(dataDir, server.port);
    },
    async close() {
      proxy.close();
      await Promise.all([producer.close(), clickhouse.close()]);
      await server.stop();
    },
  };
}

type Encode = (attempts: readonly Attempt[]) => Buffer;

/** Rows over two days, so that an insert makes parts in several partitions. Resolves with how many. */
async function sendRound(producer: Producer, topic: string, from: number, encode: Encode): Promise<number> {
  const now = Date.now();
  const attemptOf = (index: number): Attempt =>
    anAttempt({
      taskId: `t${from + index}`,
      eventTime: now - (index % 30) * hourMs,
      startedAt: now - (index % 30) * hourMs,
      submittedAt: now - (index % 30) * hourMs,
      runMs: index,
      ...(index % 9 === 0 && { outcome: 'dead' as const, errorCode: 'PIPE_X', errorFingerprint: `f${index % 4}` }),
    });
  const records = Array.from({ length: recordsPerRound }, (_, record) => ({
    ...{ topic, partition: record % partitions, key: null },
    value: encode(Array.from({ length: rowsPerRecord }, (_, row) => attemptOf(record * rowsPerRecord + row))),
  }));
  await producer.send(records);
  return recordsPerRound * rowsPerRecord;
}

async function killOnce(world: World, options: SinkChaosOptions, round: number): Promise<void> {
  const { random, onStep, kills, outageMs } = options;
  const mood = moods[Math.floor(random() * moods.length)] ?? 'none';
  world.proxy.mood = mood;
  const sink = await startSink(world, options);
  await world.send();
  const isOutage = round === Math.ceil(kills / 2);
  const afterMs = Math.round(random() * 900);
  onStep?.(`${round}/${kills}: ClickHouse ${isOutage ? `away for ${outageMs} ms` : mood}, killed after ${afterMs} ms`);
  if (isOutage) await world.outage(outageMs);
  await delay(afterMs);
  await endSink(sink);
}

async function startSink({ proxy }: World, options: SinkChaosOptions): Promise<ChildProcess> {
  const { brokers, registryUrl, name } = options;
  const program = fileURLToPath(new URL('sink-main.ts', import.meta.url));
  const args = ['--import', 'tsx', program, brokers, registryUrl, proxy.url, name, name, `${name}-group`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the sink ended with ${code}`))),
  ]);
  return child;
}

async function endSink(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function drained(broker: Broker, name: string): Promise<void> {
  const admin = await broker.admin();
  await until(
    'the sink to be through',
    async () => {
      const [ends, offsets] = await Promise.all([admin.offsets(name), admin.groupOffsets(`${name}-group`, name)]);
      const isThrough = ends.every(({ partition, latest }) => {
        const committed = offsets.find((each) => each.partition === partition)?.committed;
        return committed?.offset === latest && committed.metadata === '';
      });
      return isThrough ? true : undefined;
    },
    120_000,
  );
  await admin.close();
}

async function judge({ clickhouse, proxy, sent }: World, kills: number): Promise<SinkChaosResult> {
  const [row] = await clickhouse.query<Record<'n' | 'places' | 'tasks', string>>(
    `SELECT count() AS n, uniqExact(record_partition, record_offset, record_index) AS places,
       uniqExact(task_id) AS tasks FROM attempts`,
  );
  const now = Date.now();
  const verification = await verifyRollUps(clickhouse, { fromMs: now - 72 * hourMs, toMs: now + 48 * hourMs });
  return {
    ...{ kills, sent: sent(), repeats: proxy.counts, verification },
    ...{ rows: Number(row?.n), places: Number(row?.places), tasks: Number(row?.tasks) },
  };
}
