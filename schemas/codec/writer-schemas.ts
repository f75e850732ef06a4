import type { AvroType } from './avro-type.ts';
import type { RegistryClient } from './registry-client.ts';

/** Long enough to spare the registry a flood of bad records, short enough for a producer who registers late. */
const unknownForMs = 10_000;
/** Ids come from anybody: the memory of the unknown ones is bounded. */
const maxUnknown = 10_000;

/** Writer schemas by id. Concurrent fetches of one id are one request. */
export class WriterSchemas {
  readonly #client: RegistryClient;
  readonly #now: () => number;
  readonly #known = new Map<number, AvroType>();
  readonly #unknownUntilMs = new Map<number, number>();
  readonly #underWay = new Map<number, Promise<AvroType | undefined>>();

  constructor(client: RegistryClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** From memory only. */
  get(id: number): AvroType | undefined {
    return this.#known.get(id);
  }

  add(id: number, type: AvroType): void {
    this.#known.set(id, type);
    this.#unknownUntilMs.delete(id);
  }

  /** Whether the registry said so lately. */
  isUnknown(id: number): boolean {
    const until = this.#unknownUntilMs.get(id);
    return until !== undefined && this.#now() < until;
  }

  /** undefined: the registry does not know it. */
  fetch(id: number): Promise<AvroType | undefined> {
    const running = this.#underWay.get(id);
    if (running) return running;
    const started = this.#ask(id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, started);
    return started;
  }

  async #ask(id: number): Promise<AvroType | undefined> {
    const type = await this.#client.fetch(id);
    if (type) this.add(id, type);
    else this.#forgetOldest().set(id, this.#now() + unknownForMs);
    return type;
  }

  #forgetOldest(): Map<number, number> {
    const [oldest] = this.#unknownUntilMs.keys();
    if (oldest !== undefined && this.#unknownUntilMs.size >= maxUnknown) this.#unknownUntilMs.delete(oldest);
    return this.#unknownUntilMs;
  }
}
