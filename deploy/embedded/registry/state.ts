import type { CompatibilityLevel, RegistryEvent } from './events.ts';

export interface SchemaVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
  readonly isDeleted: boolean;
}

/** All that the registry knows; changed by events alone. */
export class RegistryState {
  readonly #subjects = new Map<string, Map<number, SchemaVersion>>();
  readonly #schemas = new Map<number, string>();
  readonly #ids = new Map<string, number>();
  readonly #levels = new Map<string | null, CompatibilityLevel>();
  readonly #highest = new Map<string, number>();

  constructor(events: readonly RegistryEvent[]) {
    for (const event of events) this.apply(event);
  }

  apply(event: RegistryEvent): void {
    if (event.op === 'config') this.#configure(event.subject, event.level);
    else this.#change(event);
  }

  #change(event: Exclude<RegistryEvent, { op: 'config' }>): void {
    const versions = this.#subjects.get(event.subject) ?? new Map<number, SchemaVersion>();
    const known = versions.get(event.version);
    if (event.op === 'register') {
      const { op: _op, ...version } = event;
      versions.set(event.version, { ...version, isDeleted: false });
      this.#highest.set(event.subject, Math.max(event.version, this.#highest.get(event.subject) ?? 0));
      this.#schemas.set(event.id, event.schema);
      this.#ids.set(identityOf(event.schema), event.id);
    } else if (event.op === 'purge') versions.delete(event.version);
    else if (known) versions.set(event.version, { ...known, isDeleted: true });
    this.#subjects.set(event.subject, versions);
  }

  #configure(subject: string | null, level: CompatibilityLevel | null): void {
    if (level === null) this.#levels.delete(subject);
    else this.#levels.set(subject, level);
  }

  subjects(): string[] {
    return [...this.#subjects.keys()].sort();
  }

  /** In ascending order, deleted ones included. */
  versions(subject: string): SchemaVersion[] {
    return [...(this.#subjects.get(subject)?.values() ?? [])].sort((a, b) => a.version - b.version);
  }

  allVersions(): SchemaVersion[] {
    return this.subjects().flatMap((subject) => this.versions(subject));
  }

  schema(id: number): string | undefined {
    return this.#schemas.get(id);
  }

  idOf(schema: string): number | undefined {
    return this.#ids.get(identityOf(schema));
  }

  nextId(): number {
    return Math.max(0, ...this.#schemas.keys()) + 1;
  }

  /** Numbers are not given out twice, whatever was deleted. */
  nextVersion(subject: string): number {
    return (this.#highest.get(subject) ?? 0) + 1;
  }

  level(subject: string | null): CompatibilityLevel | undefined {
    return this.#levels.get(subject);
  }

  effectiveLevel(subject: string): CompatibilityLevel {
    return this.level(subject) ?? this.level(null) ?? 'BACKWARD';
  }
}

/** Equal for texts that differ in white space and in the order of attributes only. */
export function identityOf(schema: string): string {
  return JSON.stringify(sorted(JSON.parse(schema)));
}

function sorted(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['{}', ...entries.map(([key, value]) => [key, sorted(value)])];
}
