import type { Logger } from 'pino';
import { PenstockError } from '../../schemas/errors.ts';
import type { OutboundRecord, Producer, ProducerOptions, RecordPlace } from '../ports.ts';
import { BatchPlanner, type Flight, type FlightPart } from './batch-planner.ts';
import type { Clock } from './clock.ts';
import { OpenCalls } from './open-calls.ts';
import { Partitioner } from './partitioner.ts';
import { type PendingRecord, SendCall } from './send-call.ts';
import type { ProduceTransport, WriteResult } from './transport.ts';
import { Wake } from './wake.ts';

/** Grouping and encoding in kafkajs slow down beyond it; measured in field work: 1000 a request is the best. */
const maxRecordsPerFlight = 1000;
const maxBytesPerFlight = 256 * 1024;
/** More requests in the air than this add latency and no throughput on one connection. */
const maxFlights = 5;
const firstRetryMs = 50;
const maxRetryMs = 1000;

interface Settings {
  readonly lingerMs: number;
  readonly maxBufferedBytes: number;
  readonly deliveryTimeoutMs: number;
}

/** Gathers the records of many send() calls into few requests; never reorders a partition, unless it may. */
export class BatchingProducer implements Producer {
  readonly #transport: ProduceTransport;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #settings: Settings;
  readonly #planner: BatchPlanner<PendingRecord>;
  readonly #partitioner = new Partitioner();
  /** Calls that wait for room or for a topic's metadata, in the order they came; order within partitions hangs on it. */
  readonly #queue: SendCall[] = [];
  readonly #open: OpenCalls;
  readonly #wake: Wake;
  #bufferedBytes = 0;
  #flights = 0;
  #faults = 0;
  #admitting = false;
  #closing = false;
  #closed: Promise<void> | undefined;
  #roomMade: () => void = () => undefined;
  #idle: () => void = () => undefined;

  constructor(transport: ProduceTransport, clock: Clock, options: ProducerOptions = {}, logger?: Logger) {
    this.#transport = transport;
    this.#clock = clock;
    this.#logger = logger;
    this.#settings = {
      lingerMs: options.lingerMs ?? 10,
      maxBufferedBytes: options.maxBufferedBytes ?? 64 * 1024 * 1024,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 30_000,
    };
    const { lingerMs, deliveryTimeoutMs } = this.#settings;
    this.#open = new OpenCalls(clock, deliveryTimeoutMs, (late) => this.#expire(late));
    this.#wake = new Wake(clock, () => this.#pump());
    this.#planner = new BatchPlanner({
      lingerMs,
      maxRecords: maxRecordsPerFlight,
      maxBytes: maxBytesPerFlight,
      maxFlightsPerPartition: options.ordered === false ? maxFlights : 1,
    });
  }

  send(records: readonly OutboundRecord[]): Promise<readonly RecordPlace[]> {
    if (this.#closing) return Promise.reject(new PenstockError('PIPE_PRODUCER_CLOSED', 'the producer is closed'));
    if (records.length === 0) return Promise.resolve([]);
    const now = this.#clock.now();
    const call = new SendCall(records, now);
    this.#open.add(call);
    if (this.#queue.length === 0 && this.#hasRoom(call) && this.#unknownTopic(call) === undefined) {
      this.#admit(call);
      this.#pumpInTime(now);
    } else {
      this.#queue.push(call);
      void this.#admitQueued();
    }
    return call.promise;
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    this.#pump();
    while (this.#open.size > 0 || this.#flights > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#wake.set(undefined);
    this.#open.stop();
    await this.#transport.close();
  }

  #hasRoom(call: SendCall): boolean {
    return this.#bufferedBytes === 0 || this.#bufferedBytes + call.bytes <= this.#settings.maxBufferedBytes;
  }

  #unknownTopic(call: SendCall): string | undefined {
    let last: string | undefined;
    for (const { topic } of call.records) {
      if (topic === last) continue;
      if (this.#transport.partitionCount(topic) === undefined) return topic;
      last = topic;
    }
    return undefined;
  }

  async #admitQueued(): Promise<void> {
    if (this.#admitting) return;
    this.#admitting = true;
    for (let call = this.#queue[0]; call; call = this.#queue[0]) {
      if (!call.settled && !(await this.#prepare(call))) continue;
      this.#queue.shift();
      if (!call.settled) this.#admit(call);
      this.#pump();
    }
    this.#admitting = false;
  }

  /** true: the call may be admitted now, or has failed. */
  async #prepare(call: SendCall): Promise<boolean> {
    const topic = this.#unknownTopic(call);
    if (topic !== undefined) {
      await this.#lookUp(call, topic);
      return false;
    }
    if (this.#hasRoom(call)) return true;
    await new Promise<void>((resolve) => {
      this.#roomMade = resolve;
    });
    return false;
  }

  async #lookUp(call: SendCall, topic: string): Promise<void> {
    try {
      await this.#transport.lookUp(topic);
    } catch (thrown) {
      const error = asFailure(thrown);
      if (error.retryable) await this.#pause();
      else this.#abandon(call, error);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(firstRetryMs, resolve);
    });
  }

  #admit(call: SendCall): void {
    this.#bufferedBytes += call.bytes;
    for (const record of call.records) {
      const partitions = this.#transport.partitionCount(record.topic) ?? 1;
      this.#planner.add(record.topic, this.#partitioner.choose(record, partitions), record);
    }
  }

  /** A look at all lanes for each of many small sends is dear: what is in the air lands soon and looks then. */
  #pumpInTime(now: number): void {
    if (this.#flights === 0) this.#wake.soon();
    else if (this.#planner.isFull || !this.#wake.comesBy(now + this.#settings.lingerMs)) this.#pump();
  }

  #pump(): void {
    const now = this.#clock.now();
    while (this.#flights < maxFlights) {
      // With nothing in the air there is nothing to wait for: what comes meanwhile gathers until this one lands.
      const flight = this.#planner.next(now, this.#closing || this.#flights === 0);
      if (!flight) break;
      void this.#fly(flight);
    }
    this.#wake.set(this.#flights < maxFlights ? this.#planner.wakeAtMs() : undefined);
  }

  async #fly(flight: Flight<PendingRecord>): Promise<void> {
    this.#flights += 1;
    this.#partitioner.requestLeft(new Set(flight.map(({ topic }) => topic)));
    const results = await this.#transport.write(flight);
    this.#flights -= 1;
    const passing = results.some((result) => result.kind === 'failed' && result.error.retryable);
    this.#faults = passing ? this.#faults + 1 : 0;
    for (const [at, part] of flight.entries()) {
      const result = results[at];
      if (result) this.#land(part, result);
    }
    this.#pump();
    this.#roomMade();
    if (this.#open.size === 0 && this.#flights === 0) this.#idle();
  }

  #land(part: FlightPart<PendingRecord>, result: WriteResult): void {
    if (result.kind === 'written') {
      this.#planner.written(part);
      let offset = result.baseOffset;
      for (const { call, index, bytes } of part.records) {
        this.#bufferedBytes -= bytes;
        if (call.written(index, placeOf(part, offset))) this.#settled(call);
        offset += 1;
      }
      return;
    }
    const { error, shared } = result;
    const alive = this.#stillWanted(part);
    if (error.retryable) {
      this.#logger?.debug({ topic: part.topic, partition: part.partition, code: error.code }, error.message);
      this.#planner.retry(part, alive, this.#clock.now() + this.#backoffMs());
    } else if (shared || (error.code === 'PIPE_TASK_TOO_LARGE' && part.records.length > 1)) {
      this.#planner.isolate(part, alive, shared);
    } else {
      this.#planner.dropped(part);
      for (const { call, index, bytes } of alive) {
        this.#bufferedBytes -= bytes;
        if (call.failed(index, error)) this.#settled(call);
      }
    }
  }

  #stillWanted(part: FlightPart<PendingRecord>): PendingRecord[] {
    return part.records.filter((record) => {
      if (!record.call.settled) return true;
      this.#bufferedBytes -= record.bytes;
      return false;
    });
  }

  #backoffMs(): number {
    return Math.min(maxRetryMs, firstRetryMs * 2 ** Math.min(10, this.#faults - 1));
  }

  #abandon(call: SendCall, error: PenstockError): void {
    call.abandon(error);
    this.#settled(call);
  }

  #settled(call: SendCall): void {
    this.#open.delete(call);
    if (this.#open.size === 0 && this.#flights === 0) this.#idle();
  }

  #expire(late: readonly SendCall[]): void {
    for (const call of late) this.#abandon(call, this.#lateError());
    this.#bufferedBytes -= this.#planner.discard((record) => record.call.settled);
    this.#roomMade();
  }

  #lateError(): PenstockError {
    const { deliveryTimeoutMs } = this.#settings;
    const message = `Kafka did not acknowledge within ${deliveryTimeoutMs} ms`;
    return new PenstockError('PIPE_BROKER_UNAVAILABLE', message, { context: { deliveryTimeoutMs } });
  }
}

const placeOf = (part: FlightPart<PendingRecord>, offset: number): RecordPlace => ({
  topic: part.topic,
  partition: part.partition,
  offset,
});

function asFailure(thrown: unknown): PenstockError {
  if (thrown instanceof PenstockError) return thrown;
  return new PenstockError('PIPE_BROKER_REFUSED', 'the lookup of a topic failed', { cause: thrown });
}
