import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Codec, createCodec } from '../../../schemas/codec.ts';
import { topicsOf } from '../../../topics/catalogue.ts';
import { connectKafka } from '../../../topics/client.ts';
import { deadLetterTopic, retryDelays, retryTopic, stageTopic } from '../../../topics/names.ts';
import type { Admin, Broker } from '../../../topics/ports.ts';
import { provisionTopics } from '../../../topics/provision.ts';
import type { Random } from '../../processors/runtime/simulation/random.ts';
import type { Evidence } from '../check/evidence.ts';
import { type ChaosSettings, chaosPipeline } from '../worker/chaos-pipeline.ts';
import type { MutantName } from '../worker/mutants.ts';
import { Collector } from './collect.ts';
import { drain, measureLag, sinkWatched, type Watched } from './drain.ts';
import { FaultLog } from './fault-log.ts';
import { readLedgers } from './read-ledger.ts';
import type { Services } from './services.ts';
import type { SinkProcess } from './sink-process.ts';
import { Submitter } from './submitter.ts';
import { Workers } from './workers.ts';

const stallLimitMs = 60_000;

export interface WorldOptions {
  readonly services: Services;
  readonly sink: SinkProcess;
  readonly folder: string;
  readonly name: string;
  readonly random: Random;
  readonly mutant: MutantName | null;
  readonly delayed: readonly string[];
  readonly blockMs: number;
  readonly sessionTimeoutMs: number;
  readonly onProgress: (line: string) => void;
}

/** One scenario's pipeline, workers, client and faults. */
export class World {
  readonly services: Services;
  readonly random: Random;
  readonly faults: FaultLog;
  readonly workers: Workers;
  readonly admin: Admin;
  readonly broker: Broker;
  readonly client: Submitter;
  readonly settings: ChaosSettings;
  readonly #codec: Codec;
  readonly #sink: SinkProcess;
  readonly #onProgress: (line: string) => void;

  private constructor(
    options: WorldOptions,
    parts: Pick<World, 'admin' | 'broker' | 'client' | 'settings'>,
    codec: Codec,
  ) {
    const { services, random, folder, mutant, sessionTimeoutMs, onProgress } = options;
    this.services = services;
    this.random = random;
    this.admin = parts.admin;
    this.broker = parts.broker;
    this.client = parts.client;
    this.settings = parts.settings;
    this.#codec = codec;
    this.#onProgress = onProgress;
    this.#sink = options.sink;
    this.faults = new FaultLog((line) => onProgress(line));
    const { brokers, registryUrl } = services;
    const template = { pipeline: parts.settings, brokers, registryUrl, sessionTimeoutMs, mutant };
    this.workers = new Workers(folder, template, this.faults);
  }

  static async open(options: WorldOptions): Promise<World> {
    const { services, name, delayed, blockMs } = options;
    mkdirSync(options.folder, { recursive: true });
    const settings = { name, delayed, concurrency: 16, folder: options.folder, blockMs };
    const broker = connectKafka({ brokers: services.brokers, clientId: 'chaos' });
    const admin = await broker.admin();
    await provisionTopics(admin, topicsOf([chaosPipeline(settings, null)]));
    const codec = createCodec({ registryUrl: services.registryUrl });
    const log = join(options.folder, 'client.log');
    const client = await Submitter.open(broker, codec, stageTopic(name, 'work'), log, 200);
    return new World(options, { admin, broker, client, settings }, codec);
  }

  get workTopic(): string {
    return stageTopic(this.settings.name, 'work');
  }

  get deadLetterTopics(): string[] {
    return ['work', 'next'].map((stage) => deadLetterTopic(this.settings.name, stage));
  }

  /** Of the first stage's own delays. */
  get retryTopics(): string[] {
    return this.settings.delayed.map((delay) => retryTopic(this.settings.name, 'work', delay));
  }

  get watched(): Watched[] {
    return [...this.#topicsOfStage('work', this.settings.delayed), ...this.#topicsOfStage('next', [])];
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** Sum of the committed offsets of both stages; 0 while Kafka does not answer. */
  async committed(): Promise<number> {
    return measureLag(this.admin, this.watched).then(
      ({ committed }) => committed,
      () => 0,
    );
  }

  /** Until so many records more are committed, or until nothing moves any more. */
  async progress(by: number, limitMs = 30_000): Promise<void> {
    const goal = (await this.committed()) + by;
    const deadline = Date.now() + limitMs;
    while ((await this.committed()) < goal && Date.now() < deadline) await sleep(50);
  }

  /** Until the client has its answers for so many. */
  async submitted(count: number): Promise<void> {
    while (this.client.submits.length < count) await sleep(50);
  }

  /** Until nothing is left to do, for so long at most. */
  async settled(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (Date.now() < deadline && (await measureLag(this.admin, this.watched)).left > 0) await sleep(200);
  }

  /** Times that handlers began to harm their process. */
  countHarms(): number {
    const paths = this.workers.all.map((worker) => this.workers.ledgerOf(worker));
    return paths.reduce((sum, path) => sum + readFileSync(path, 'utf8').split('["harm"').length - 1, 0);
  }

  killSink(): void {
    this.faults.note({ kind: 'kill -9', target: 'sink', breaksMembers: false });
    this.#sink.kill();
  }

  /** Handlers do no more harm from now on. */
  heal(): void {
    writeFileSync(join(this.settings.folder, 'healed'), '');
  }

  /** All services up, one worker at least; then until nothing is left. */
  async drain(): Promise<readonly string[]> {
    const { kafka, registry, clickhouse } = this.services;
    await Promise.all([kafka.start(), registry.start(), clickhouse.start()]);
    if (this.workers.slots.length === 0) await this.workers.start(0);
    const say = (left: number) => this.#onProgress(`drains, ${left} left`);
    const behind = await drain(this.admin, this.watched, stallLimitMs, ({ left }) => say(left));
    return [...behind, ...(await drain(this.admin, [sinkWatched], stallLimitMs, ({ left }) => say(left)))];
  }

  /** Stops the workers and gathers everything. */
  async evidence(behind: readonly string[], maxDuplicateShare: number): Promise<Evidence> {
    const { name } = this.settings;
    const resources = await this.workers.resources();
    const late = await this.#stopWorkers();
    const collector = new Collector(this.broker, this.admin, this.#codec, name);
    const [firstTopic, lastTopic] = [this.workTopic, stageTopic(name, 'next')];
    const records = await collector.records(this.watched.map(({ topic }) => topic));
    const letters = await collector.letters(this.deadLetterTopics);
    // What stopping workers wrote is on its way still.
    const unsunk = await drain(this.admin, [sinkWatched], stallLimitMs, () => undefined);
    const ledgers = this.workers.all.map((worker) => ({
      worker: worker.name,
      path: this.workers.ledgerOf(worker),
      diedMs: worker.diedMs,
    }));
    const { runs, lives, harms } = readLedgers(ledgers, this.faults.all);
    return {
      ...{ records, letters, runs, lives, resources },
      submits: this.client.submits,
      commits: await collector.commits(),
      rows: await collector.rows(this.services.clickhouseUrl),
      rowsInTopic: await collector.countRows(),
      faults: [...this.faults.all, ...harms],
      behind: [...behind, ...unsunk, ...late.map((worker) => `${worker} did not drain`)],
      rules: { firstTopic, lastTopic, keyedTopics: [firstTopic], maxDuplicateShare },
    };
  }

  /**
   * A worker that was stopped or blocked may still write what it handed on long ago, when all seemed done: then another
   * has to take that up.
   */
  async #stopWorkers(): Promise<string[]> {
    const late = await this.workers.stopAll();
    while ((await measureLag(this.admin, this.watched)).left > 0) {
      await this.workers.start(0);
      const behind = await drain(this.admin, this.watched, stallLimitMs, () => undefined);
      late.push(...(await this.workers.stopAll()));
      if (behind.length > 0) break;
    }
    return late;
  }

  #topicsOfStage(stage: string, delays: readonly string[]): Watched[] {
    const group = stageTopic(this.settings.name, stage);
    const retries = retryDelays(delays).map((delay) => retryTopic(this.settings.name, stage, delay));
    return [group, ...retries].map((topic) => ({ group, topic }));
  }

  async close(): Promise<void> {
    await this.workers.stopAll(5_000);
    await this.client.close();
    await this.admin.close();
  }
}
