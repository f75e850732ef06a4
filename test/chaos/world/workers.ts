import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resources } from '../check/evidence.ts';
import type { WorkerSettings } from '../worker/worker-settings.ts';
import type { FaultLog } from './fault-log.ts';
import { WorkerProcess } from './worker-process.ts';

/** A worker that cannot start, because a service is away, must not take the machine with its attempts. */
const restartPauseMs = 500;

export type WorkerTemplate = Omit<WorkerSettings, 'workerName' | 'ledger'>;

/** Workers by slot; one that ends by itself is started again, as a supervisor does. */
export class Workers {
  /** All that ever ran. */
  readonly all: WorkerProcess[] = [];
  restarts = 0;
  #isOver = false;
  readonly #folder: string;
  readonly #template: WorkerTemplate;
  readonly #faults: FaultLog;
  readonly #slots = new Map<number, WorkerProcess>();

  constructor(folder: string, template: WorkerTemplate, faults: FaultLog) {
    this.#folder = folder;
    this.#template = template;
    this.#faults = faults;
  }

  get slots(): number[] {
    return [...this.#slots.keys()];
  }

  ledgerOf = (worker: WorkerProcess): string => join(this.#folder, `${worker.name}.ledger`);

  /** Resolves when it owns partitions. */
  async start(slot: number): Promise<void> {
    if (this.#slots.has(slot)) return;
    this.#isOver = false;
    const worker = this.#spawn(slot);
    await worker.ready();
    if (worker.isReady) worker.before = await worker.measure();
  }

  async startAll(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, slot) => this.start(slot)));
  }

  /** kill -9; nobody takes the slot. */
  async kill(slot: number): Promise<void> {
    const worker = this.#take(slot);
    if (worker === undefined) return;
    this.#faults.note({ kind: 'kill -9', target: worker.name, breaksMembers: true });
    worker.signal('SIGKILL');
    // A frozen one dies all the same.
    await worker.exited;
  }

  /** SIGTERM; resolves when it has drained and gone. */
  async terminate(slot: number): Promise<void> {
    const worker = this.#take(slot);
    if (worker === undefined) return;
    this.#faults.note({ kind: 'SIGTERM', target: worker.name, breaksMembers: false });
    worker.signal('SIGTERM');
    await worker.exited;
  }

  async freeze(slot: number, forMs: number): Promise<void> {
    const worker = this.#slots.get(slot);
    if (worker === undefined) return;
    const healed = this.#faults.begin({ kind: 'SIGSTOP', target: worker.name, breaksMembers: true });
    worker.signal('SIGSTOP');
    await sleep(forMs);
    if (worker.isAlive) worker.signal('SIGCONT');
    healed();
  }

  /** Those that lived all the time. */
  async resources(): Promise<Resources[]> {
    const found: Resources[] = [];
    for (const worker of this.#slots.values()) {
      const { name, before } = worker;
      if (before === undefined || !worker.isAlive) continue;
      const after = await worker.measure();
      if (after !== undefined) found.push({ worker: name, before, after });
    }
    return found;
  }

  /** Drains all; what does not end in time is killed, and told so. */
  async stopAll(limitMs = 45_000): Promise<string[]> {
    this.#isOver = true;
    const workers = [...this.#slots.values()];
    this.#slots.clear();
    const late: string[] = [];
    const stop = async (worker: WorkerProcess) => {
      worker.signal('SIGTERM');
      const timer = setTimeout(() => {
        late.push(worker.name);
        worker.signal('SIGKILL');
      }, limitMs);
      await worker.exited;
      clearTimeout(timer);
    };
    await Promise.all(workers.map(stop));
    return late;
  }

  #take(slot: number): WorkerProcess | undefined {
    const worker = this.#slots.get(slot);
    this.#slots.delete(slot);
    return worker;
  }

  #spawn(slot: number): WorkerProcess {
    const workerName = `w${slot}-${this.all.length}`;
    const ledger = join(this.#folder, `${workerName}.ledger`);
    // One that is killed before it runs has an empty one.
    writeFileSync(ledger, '');
    const worker = new WorkerProcess(
      { ...this.#template, workerName, ledger },
      join(this.#folder, `${workerName}.log`),
    );
    this.#slots.set(slot, worker);
    this.all.push(worker);
    void worker.exited.then(() => {
      if (this.#slots.get(slot) !== worker) return;
      this.restarts++;
      this.#slots.delete(slot);
      if (!this.#isOver) void sleep(restartPauseMs).then(() => (this.#isOver ? undefined : this.start(slot)));
    });
    return worker;
  }
}
