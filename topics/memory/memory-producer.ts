import { PenstockError } from '../../schemas/errors.ts';
import type { OutboundRecord, Producer, RecordPlace } from '../ports.ts';
import { noteOutcomes } from '../record-outcomes.ts';
import type { MemoryFaults } from './memory-faults.ts';
import type { MemoryLog } from './memory-log.ts';

/** Writes at once, in the order of the calls; the answers come later, as a broker's do. */
export class MemoryProducer implements Producer {
  readonly #log: MemoryLog;
  readonly #faults: MemoryFaults;
  readonly #appended: () => void;
  readonly #open = new Set<Promise<unknown>>();
  #closed = false;

  constructor(log: MemoryLog, faults: MemoryFaults, appended: () => void) {
    this.#log = log;
    this.#faults = faults;
    this.#appended = appended;
  }

  send(records: readonly OutboundRecord[]): Promise<readonly RecordPlace[]> {
    const sent = this.#write(records);
    const settled = sent.then(
      () => undefined,
      () => undefined,
    );
    this.#open.add(settled);
    void settled.then(() => this.#open.delete(settled));
    return sent;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#open);
  }

  async #write(records: readonly OutboundRecord[]): Promise<readonly RecordPlace[]> {
    if (this.#closed) throw new PenstockError('PIPE_PRODUCER_CLOSED', 'the producer is closed');
    if (records.length === 0) return [];
    const topics = new Set(records.map(({ topic }) => topic));
    for (const topic of topics) this.#log.topic(topic);
    const fault = this.#faults.takeSendFault(topics);
    if (fault?.kind === 'before') throw fault.error;
    const places = records.map((record) => this.#log.append(record));
    this.#log.requestLeft(topics);
    this.#appended();
    await this.#faults.acksHeld();
    if (fault) throw fault.error;
    const tooLarge = places.indexOf(undefined);
    if (tooLarge >= 0) {
      const context = { topic: records[tooLarge]?.topic ?? '', index: tooLarge };
      const error = new PenstockError('PIPE_TASK_TOO_LARGE', 'the record is larger than its topic allows', { context });
      noteOutcomes(
        error,
        places.map((place) => place ?? error),
      );
      throw error;
    }
    return places.flatMap((place) => place ?? []);
  }
}
