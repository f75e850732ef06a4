import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComponentName, type RunningStack, startStack } from '../../../deploy/embedded/stack.ts';

export type ServicePorts = Readonly<Record<ComponentName, number>>;

/** One part of the embedded stack, to be taken down and brought back at the same port with the same data. */
export class Service {
  readonly name: ComponentName;
  readonly #folder: string;
  readonly #ports: ServicePorts;
  #stack: RunningStack | undefined;

  constructor(name: ComponentName, folder: string, ports: ServicePorts) {
    this.name = name;
    this.#folder = join(folder, name);
    this.#ports = ports;
  }

  get isUp(): boolean {
    return this.#stack !== undefined;
  }

  async start(): Promise<void> {
    const { kafka, registry, clickhouse } = this.#ports;
    const ports = { kafkaPort: kafka, registryPort: registry, clickhousePort: clickhouse };
    this.#stack ??= await startStack({ dataDir: this.#folder, ...ports, only: [this.name] });
  }

  /** In good order. */
  async stop(): Promise<void> {
    await this.#stack?.stop();
    this.#stack = undefined;
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.stop();
  }

  /** Answers nothing meanwhile; its sockets stay open. */
  async freeze(forMs: number): Promise<void> {
    this.#signal('SIGSTOP');
    try {
      await sleep(forMs);
    } finally {
      this.#signal('SIGCONT');
    }
  }

  /** A keeper may stand before the program; the program is the last. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#stack?.components()[0]?.processes.at(-1)?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    process.kill(pid, signal);
  }
}
