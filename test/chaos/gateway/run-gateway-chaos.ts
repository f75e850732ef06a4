import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvelope } from '../../../schemas/envelope.ts';
import { topicsOf } from '../../../topics/catalogue.ts';
import { connectKafka } from '../../../topics/client.ts';
import { stageTopic } from '../../../topics/names.ts';
import type { Broker } from '../../../topics/ports.ts';
import { provisionTopics } from '../../../topics/provision.ts';
import { readTopic } from '../world/read-topic.ts';
import { chaosPipeline } from './chaos-pipeline.ts';
import { type GatewayPlace, GatewayProcess } from './gateway-process.ts';
import { type Answer, TaskLedger, type Verdict } from './task-ledger.ts';

export interface GatewayChaosOptions extends GatewayPlace {
  /** How often a gateway dies between Kafka’s acknowledgement and its answer. */
  readonly kills: number;
  /** Requests with one key at once, over two gateways. */
  readonly sameKey: number;
  /** Stops the broker's process for so long, its sockets open. Absent: it is shared with others. */
  readonly freeze?: { readonly forMs: number; freeze(forMs: number): Promise<void> };
  readonly onStep?: (line: string) => void;
}

export interface GatewayChaosResult extends Verdict {
  /** Answers to the requests with one key: each must be a 202. */
  readonly sameKey: readonly (number | 'nothing')[];
  readonly frozen?: FrozenResult;
}

export interface FrozenResult {
  /** While the broker was stopped; a 202 among them is a lie. */
  readonly answers: readonly Answer[];
  /** From SIGCONT to the first 202. */
  readonly onAgainMs: number;
}

const againMs = 100;
const betweenMs = 500;

/** Two gateways that live, others that are killed, and a ledger of what each caller was told. */
export async function runGatewayChaos(options: GatewayChaosOptions): Promise<GatewayChaosResult> {
  const { name, freeze, onStep } = options;
  const broker = connectKafka({ brokers: options.brokers.split(','), clientId: name });
  await provision(broker, name);
  const ledger = new TaskLedger(name);
  const gateways = [await GatewayProcess.start(options, 'answers'), await GatewayProcess.start(options, 'answers')];
  const urls = gateways.map(({ url }) => url);
  try {
    for (let round = 1; round <= options.kills; round += 1) {
      onStep?.(`kill ${round} of ${options.kills}`);
      await killAfterAcknowledgement(options, ledger, urls, `killed-${round}`);
    }
    onStep?.(`${options.sameKey} requests with one key`);
    const sameKey = await Promise.all(
      Array.from({ length: options.sameKey }, (_, index) => ledger.post(urls[index % urls.length] ?? '', 'same')),
    );
    onStep?.(freeze ? `broker stopped for ${freeze.forMs} ms` : 'no broker to stop');
    const frozen = freeze && (await stopBroker(freeze, ledger, urls));
    const verdict = ledger.judge(await recordIds(broker, name));
    return { ...verdict, sameKey: sameKey.map(({ status }) => status), ...(frozen && { frozen }) };
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.kill()));
  }
}

async function provision(broker: Broker, name: string): Promise<void> {
  const admin = await broker.admin();
  await provisionTopics(admin, topicsOf([chaosPipeline(name)]));
  await admin.close();
}

/** The caller hears nothing, and tries again elsewhere under the same key. */
async function killAfterAcknowledgement(
  place: GatewayPlace,
  ledger: TaskLedger,
  urls: readonly string[],
  key: string,
): Promise<void> {
  const doomed = await GatewayProcess.start(place, 'silent');
  const acknowledged = doomed.acknowledged();
  const unheard = ledger.post(doomed.url, key);
  await acknowledged;
  await doomed.kill();
  const { status } = await unheard;
  if (status !== 'nothing') throw new Error(`a gateway that was killed before its answer answered ${status}`);
  await untilTaken(ledger, urls[0] ?? '', key);
}

async function stopBroker(
  { forMs, freeze }: NonNullable<GatewayChaosOptions['freeze']>,
  ledger: TaskLedger,
  urls: readonly string[],
): Promise<FrozenResult> {
  const thawed = freeze(forMs);
  const asked: Promise<Answer>[] = [];
  const endsAt = Date.now() + forMs - longestAnswerMs;
  while (Date.now() < endsAt) {
    asked.push(...urls.map((url, at) => ledger.post(url, `frozen-${asked.length + at}`)));
    await sleep(betweenMs);
  }
  const answers = await Promise.all(asked);
  await thawed;
  const startedAt = performance.now();
  await untilTaken(ledger, urls[0] ?? '', 'thawed');
  const onAgainMs = performance.now() - startedAt;
  // What was answered 503 may stand in Kafka or not; its caller tries again.
  for (const { key } of answers) await untilTaken(ledger, urls[0] ?? '', key);
  return { answers, onAgainMs };
}

/** Asked within this time of its end, a request could see the broker come back. */
const longestAnswerMs = 6_000;

async function untilTaken(ledger: TaskLedger, url: string, key: string): Promise<void> {
  while ((await ledger.post(url, key)).status !== 202) await sleep(againMs);
}

async function recordIds(broker: Broker, name: string): Promise<string[]> {
  const topic = stageTopic(name, 'take');
  const admin = await broker.admin();
  const ids: string[] = [];
  await readTopic(broker, admin, topic, (place, { headers, offset, timestampMs }) => {
    ids.push(readEnvelope(headers, { ...place, offset }, timestampMs).id);
  });
  await admin.close();
  return ids;
}
