import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { OutboundRecord, Producer } from '../../topics/ports.ts';

const firstDelayMs = 100;
const maxDelayMs = 5_000;
/** Below it a fault is most likely a broker that changes leaders; above, somebody should know. */
const alarmDelayMs = 1_600;

export interface SendOptions {
  /** Asked before each try; once false the send gives up, unacknowledged. */
  alive(): boolean;
  /** What a record that no broker will ever take does: `throw`, or `hold` it like any other fault. */
  readonly tooLarge: 'throw' | 'hold';
}

/** Sends until Kafka has it. What waits behind it stays uncommitted, so nothing is lost however long that takes. */
export class DurableSender {
  readonly #producer: Producer;
  readonly #log: Logger;
  readonly #closing = new AbortController();

  constructor(producer: Producer, log: Logger) {
    this.#producer = producer;
    this.#log = log;
  }

  /** True: acknowledged. False: given up, because closed or no longer alive. Rejects only where `tooLarge` says so. */
  async send(records: readonly OutboundRecord[], options: SendOptions): Promise<boolean> {
    for (let delayMs = firstDelayMs; this.#going(options); delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      try {
        await this.#producer.send(records);
        return true;
      } catch (thrown) {
        if (options.tooLarge === 'throw' && isTooLarge(thrown)) throw thrown;
        this.#report(thrown, records, delayMs);
        await this.#pause(delayMs);
      }
    }
    return false;
  }

  /** Wakes what waits for its next try; it gives up. */
  close(): void {
    this.#closing.abort();
  }

  #going(options: SendOptions): boolean {
    return !this.#closing.signal.aborted && options.alive();
  }

  #report(thrown: unknown, records: readonly OutboundRecord[], delayMs: number): void {
    const code = thrown instanceof PenstockError ? thrown.code : 'PIPE_BROKER_UNAVAILABLE';
    const topics = [...new Set(records.map((record) => record.topic))];
    const fields = { code, topics, records: records.length, retryInMs: delayMs, reason: messageOf(thrown) };
    if (delayMs >= alarmDelayMs) this.#log.error(fields, 'Kafka does not take the records; their partitions are held');
    else this.#log.debug(fields, 'send failed, trying again');
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#closing.signal }).catch(ignoreAbort);
  }
}

export function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof PenstockError && thrown.code === 'PIPE_TASK_TOO_LARGE';
}

function ignoreAbort(thrown: unknown): void {
  if (!(thrown instanceof Error && thrown.name === 'AbortError')) throw thrown;
}
