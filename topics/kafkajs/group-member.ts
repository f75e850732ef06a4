import { setTimeout } from 'node:timers/promises';
import type { Cluster, Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { ConsumerOptions } from '../ports.ts';
import { type TapEvents, tapCluster } from './cluster.ts';
import { translate } from './errors.ts';
import { delayJoins } from './join-delay.ts';
import { endFetches } from './leaving.ts';
import { coordinatorStarts } from './logging.ts';
import { Watchdog } from './silence-watch.ts';

/** resume() and the heartbeat of a fully paused member wait for it; an idle consumer asks that often. */
const maxWaitMs = 200;
const maxHeartbeatMs = 1000;
const rejoinPauseMs = 500;
const leaveLimitMs = 10_000;

/** How a consumer comes to its client. */
export interface ConsumerClients {
  /** Rejects soon when there is no broker. */
  probe(): Promise<void>;
  /** A client that keeps trying; tells of each attempt to connect. */
  newClient(onAttempt: () => void): Kafka;
}

export interface MemberEvents extends TapEvents {
  /** Still with the old generation, until ready() is settled. */
  rebalancing(): void;
  /** It is about to join, whatever for. */
  ready(isMember: boolean): Promise<void> | undefined;
  joined(memberId: string, assigned: Readonly<Record<string, readonly number[]>>): void;
  batch(payload: EachBatchPayload): Promise<void>;
  /** The membership is over; the member joins again by itself. */
  lost(): void;
  /** The end, at most once. */
  failed(error: PenstockError): void;
}

/** A consumer of kafkajs kept alive: it connects, joins, joins again after a crash that may pass, and is watched for silence. */
export class GroupMember {
  readonly consumer: Consumer;
  readonly cluster: Cluster;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #sessionTimeoutMs: number;
  readonly #probe: () => Promise<void>;
  readonly #events: MemberEvents;
  readonly #logger: Logger | undefined;
  #watchdog: Watchdog | undefined;
  #isOver = false;

  constructor(clients: ConsumerClients, options: ConsumerOptions, events: MemberEvents, logger: Logger | undefined) {
    this.#groupId = options.groupId;
    this.#topics = options.topics;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 30_000;
    this.#probe = clients.probe;
    this.#events = events;
    this.#logger = logger;
    const tap = tapCluster(events);
    const kafka = clients.newClient(() => this.#watchdog?.sign());
    this.consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: this.#sessionTimeoutMs,
      rebalanceTimeout: this.#sessionTimeoutMs,
      heartbeatInterval: Math.min(maxHeartbeatMs, Math.floor(this.#sessionTimeoutMs / 3)),
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 1024 * 1024,
      allowAutoTopicCreation: false,
      retry: { retries: 100, initialRetryTime: 200, maxRetryTime: 1000 },
      partitionAssigners: [tap.assigner],
    });
    this.cluster = tap.cluster();
    delayJoins(this.cluster, (isMember) => events.ready(isMember));
  }

  /** Rejects, with the error of kafkajs, when there is no broker or no such topic. */
  async join(): Promise<void> {
    this.#observe();
    await this.#probe();
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.#topics], fromBeginning: true });
    // A join waits for the slowest member, one session timeout at most, and gives no sign meanwhile.
    this.#watchdog = new Watchdog(this.#sessionTimeoutMs * 2, (silentMs) => this.#onSilence(silentMs));
    await this.#run();
  }

  /** Out of the group when it resolves; a broker that does not answer is not waited for. */
  async leave(): Promise<void> {
    this.#isOver = true;
    this.#watchdog?.stop();
    const limit = new AbortController();
    const tooLong = setTimeout(leaveLimitMs, undefined, { signal: limit.signal, ref: false });
    tooLong.catch(() => undefined);
    try {
      const left = this.consumer.disconnect();
      endFetches(this.cluster);
      await Promise.race([left, tooLong]);
    } catch (thrown) {
      this.#logger?.debug({ group: this.#groupId, reason: messageOf(thrown) }, 'the consumer did not leave cleanly');
    } finally {
      limit.abort();
    }
  }

  #run(): Promise<void> {
    return this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#events.batch(payload),
    });
  }

  #observe(): void {
    const { events } = this.consumer;
    const sign = () => this.#watchdog?.sign();
    for (const event of [events.FETCH_START, events.FETCH, events.HEARTBEAT, events.CONNECT] as const) {
      this.consumer.on(event, sign);
    }
    this.consumer.on(events.REBALANCING, () => {
      sign();
      this.#events.rebalancing();
    });
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => {
      sign();
      this.#events.joined(payload.memberId, payload.memberAssignment);
    });
    // A consumer that crashes has left the group long before it says so.
    this.consumer.on(events.STOP, () => {
      if (!this.#isOver) this.#events.lost();
    });
    this.consumer.on(events.CRASH, ({ payload }) => {
      sign();
      this.#events.lost();
      this.#onCrash(payload.error, payload.restart);
    });
  }

  /** kafkajs gives up for good on a coordinator that it cannot find, though a broker that restarts has none for a while. */
  #onCrash(cause: Error, isRestarting: boolean): void {
    const error = this.#crashError(cause);
    if (!isRestarting && error.code !== 'PIPE_BROKER_UNAVAILABLE') {
      this.#fail(error);
      return;
    }
    const reason = messageOf(cause);
    const level = coordinatorStarts.test(reason) ? 'info' : 'warn';
    this.#logger?.[level]({ group: this.#groupId, reason }, 'the consumer joins again');
    if (!isRestarting) void this.#runAgain();
  }

  async #runAgain(): Promise<void> {
    await setTimeout(rejoinPauseMs);
    if (this.#isOver) return;
    try {
      await this.#run();
    } catch (thrown) {
      this.#fail(translate(thrown, `group ${this.#groupId} cannot join again`, { group: this.#groupId }));
    }
  }

  #crashError(cause: Error): PenstockError {
    const error = translate(cause, `group ${this.#groupId} crashed`, { group: this.#groupId });
    if (error.code !== 'PIPE_BROKER_REFUSED') return error;
    return new PenstockError('PIPE_CONSUMER_CRASHED', error.message, { context: error.context, cause });
  }

  #onSilence(silentMs: number): void {
    const message = `group ${this.#groupId} gave no sign of life for ${Math.round(silentMs)} ms`;
    this.#fail(new PenstockError('PIPE_CONSUMER_SILENT', message, { context: { group: this.#groupId } }));
  }

  #fail(error: PenstockError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.failed(error);
  }
}
