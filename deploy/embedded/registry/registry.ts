import { parseAvro } from '../../../schemas/avro-model.ts';
import { checkCompatibility } from '../../../schemas/compatibility/check-compatibility.ts';
import { messageOf } from '../../../schemas/errors.ts';
import type { AvroJson } from '../../../schemas/record-schema.ts';
import type { EventLog } from './event-log.ts';
import type { CompatibilityLevel, RegistryEvent } from './events.ts';
import { RegistryFault, schemaInvalid, schemaUnknown, subjectUnknown, versionUnknown } from './registry-fault.ts';
import { identityOf, RegistryState, type SchemaVersion } from './state.ts';

/** The registry's operations. Writes run one at a time, and are on disk before they resolve. */
export class Registry {
  readonly state: RegistryState;
  readonly #log: EventLog;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
    this.state = new RegistryState(log.events);
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#log.close();
  }

  /** Id of the schema; a schema that the subject has already gets no second version. */
  register(subject: string, text: string): Promise<{ id: number }> {
    const schema = readSchema(text);
    return this.#write(async () => {
      const live = liveVersions(this.state, subject);
      const known = live.find((version) => identityOf(version.schema) === identityOf(schema));
      if (known) return { id: known.id };
      const problems = compare(schema, live, this.state.effectiveLevel(subject));
      if (problems.length > 0) throw incompatible(subject, problems);
      const id = this.state.idOf(schema) ?? this.state.nextId();
      const version = this.state.nextVersion(subject);
      await this.#commit({ op: 'register', subject, version, id, schema: this.state.schema(id) ?? schema });
      return { id };
    });
  }

  find(subject: string, text: string): SchemaVersion {
    const identity = identityOf(readSchema(text));
    const live = requireSubject(this.state, subject);
    const found = live.find((version) => identityOf(version.schema) === identity);
    if (!found) throw schemaUnknown();
    return found;
  }

  version(subject: string, wanted: string, withDeleted = false): SchemaVersion {
    const versions = withDeleted ? this.state.versions(subject) : requireSubject(this.state, subject);
    if (versions.length === 0) throw subjectUnknown(subject);
    const isLatest = wanted === 'latest' || wanted === '-1';
    const found = isLatest ? versions.at(-1) : versions.find(({ version }) => version === readVersion(wanted));
    if (!found) throw versionUnknown(wanted);
    return found;
  }

  check(subject: string, wanted: string, text: string): string[] {
    const schema = readSchema(text);
    const against = wanted === 'all' ? liveVersions(this.state, subject) : [this.version(subject, wanted)];
    return compare(schema, against, this.state.effectiveLevel(subject));
  }

  deleteSubject(subject: string, isPermanent: boolean): Promise<number[]> {
    return this.#write(async () => {
      const versions = isPermanent ? this.state.versions(subject) : requireSubject(this.state, subject);
      if (versions.length === 0) throw subjectUnknown(subject);
      if (isPermanent && versions.some(({ isDeleted }) => !isDeleted)) {
        throw new RegistryFault(40405, `Subject '${subject}' was not deleted first before being permanently deleted`);
      }
      for (const { version } of versions) {
        await this.#commit({ op: isPermanent ? 'purge' : 'delete', subject, version });
      }
      return versions.map(({ version }) => version);
    });
  }

  deleteVersion(subject: string, wanted: string, isPermanent: boolean): Promise<number> {
    return this.#write(async () => {
      const { version, isDeleted } = this.version(subject, wanted, isPermanent);
      if (isPermanent && !isDeleted) {
        throw new RegistryFault(40407, `Subject '${subject}' Version ${version} was not deleted first`);
      }
      await this.#commit({ op: isPermanent ? 'purge' : 'delete', subject, version });
      return version;
    });
  }

  configure(subject: string | null, level: CompatibilityLevel | null): Promise<void> {
    return this.#write(() => this.#commit({ op: 'config', subject, level }));
  }

  async #commit(event: RegistryEvent): Promise<void> {
    await this.#log.append(event);
    this.state.apply(event);
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** Compact text of a valid Avro schema. */
function readSchema(text: string): string {
  try {
    const avro: AvroJson = JSON.parse(text);
    parseAvro(avro);
    return JSON.stringify(avro);
  } catch (error) {
    throw schemaInvalid(messageOf(error));
  }
}

function readVersion(wanted: string): number {
  if (/^[1-9]\d{0,9}$/.test(wanted)) return Number(wanted);
  throw new RegistryFault(
    42202,
    `The specified version '${wanted}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  );
}

export const liveVersions = (state: RegistryState, subject: string): SchemaVersion[] =>
  state.versions(subject).filter(({ isDeleted }) => !isDeleted);

export function requireSubject(state: RegistryState, subject: string): SchemaVersion[] {
  const live = liveVersions(state, subject);
  if (live.length === 0) throw subjectUnknown(subject);
  return live;
}

function compare(schema: string, versions: readonly SchemaVersion[], level: CompatibilityLevel): string[] {
  const against = level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1);
  const next: AvroJson = JSON.parse(schema);
  return against.flatMap(({ schema: text, version }) => {
    const earlier: AvroJson = JSON.parse(text);
    const backward = /^(?:BACKWARD|FULL)/.test(level) ? checkCompatibility(next, earlier) : [];
    const forward = /^(?:FORWARD|FULL)/.test(level) ? checkCompatibility(earlier, next) : [];
    return [...backward, ...forward].map((problem) => `version ${version}: ${problem}`);
  });
}

const incompatible = (subject: string, problems: readonly string[]): RegistryFault =>
  new RegistryFault(
    409,
    `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: ${problems.slice(0, 20).join('; ')}`,
  );
