import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { redactUrl } from '../config/redact.ts';
import { messageOf, PenstockError } from '../errors.ts';
import type { AvroJson, RecordSchema } from '../record-schema.ts';
import { type AvroType, asAvroType } from './avro-type.ts';

/** The schema registry, as the codec needs it. */
export interface RegistryClient {
  /** Registers a version of a subject, or finds it there; gives its id. */
  register(subject: string, schema: RecordSchema<unknown>): Promise<number>;
  /** The schema of an id; undefined: the registry does not know it. */
  fetch(id: number): Promise<AvroType | undefined>;
}

export interface RegistryOptions {
  /** Base URL of the Confluent REST API; user name and password may stand in it. */
  readonly url: string;
  /** Longest wait for the registry in one call, all its requests together. */
  readonly timeoutMs: number;
}

/** Translates every fault of the package and of HTTP into a PenstockError. */
export function createRegistryClient(options: RegistryOptions): RegistryClient {
  const { timeoutMs } = options;
  const place = redactUrl(options.url);
  let registry = openRegistry(options);

  /** A request whose answer was cut off never settles in the package, and later ones join it: so start anew. */
  async function bounded<T>(call: (registry: SchemaRegistry) => Promise<T>): Promise<T> {
    const used = registry;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        if (registry === used) registry = openRegistry(options);
        reject(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
    });
    try {
      return await Promise.race([call(used), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async register(subject, schema) {
      try {
        return await bounded((used) => register(used, subject, schema.avro));
      } catch (thrown) {
        throw registerError(thrown, subject, schema.name, place);
      }
    },
    async fetch(id) {
      try {
        return asAvroType(await bounded((used) => used.getSchema(id)));
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 404) return undefined;
        if (status !== undefined || isTimeout(thrown)) throw unavailable(thrown, place);
        throw new PenstockError(
          'PIPE_TASK_SCHEMA_MISMATCH',
          `schema id ${id} cannot be used: ${messageOf(thrown).slice(0, 300)}`,
          { context: { schemaId: id }, cause: thrown },
        );
      }
    },
  };
}

function openRegistry({ url, timeoutMs }: RegistryOptions): SchemaRegistry {
  const { protocol, host, pathname, username, password } = new URL(url);
  const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return new SchemaRegistry(
    {
      host: `${protocol}//${host}${pathname.replace(/\/+$/, '')}`,
      clientId: 'penstock',
      ...(username ? { auth } : {}),
      // The caller retries: the runtime holds the task back, and knows for how long.
      retry: { retries: 0 },
      middlewares: [boundedRequests(timeoutMs)],
    },
    { [SchemaType.AVRO]: { wrapUnions: 'auto' } },
  );
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

function boundedRequests(timeoutMs: number): Middleware {
  return () => ({ request: async (request) => request.enhance({ timeout: timeoutMs }) });
}

/** A subject made by somebody else keeps the compatibility level that they chose; a new one gets FULL. */
async function register(registry: SchemaRegistry, subject: string, avro: AvroJson): Promise<number> {
  const schema = { type: SchemaType.AVRO, schema: JSON.stringify(avro) } as const;
  try {
    return await registry.getRegistryIdBySchema(subject, schema);
  } catch (thrown) {
    if (statusOf(thrown) !== 404 && !isNotFound(thrown)) throw thrown;
  }
  try {
    return (await registry.register(schema, { subject, compatibility: COMPATIBILITY.FULL })).id;
  } catch (thrown) {
    const level = chosenLevel(thrown);
    if (!level) throw thrown;
    return (await registry.register(schema, { subject, compatibility: level })).id;
  }
}

/** The package wraps a 404 of this one call in an error of its own, without the status. */
function isNotFound(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.constructor.name === 'ConfluentSchemaRegistryError';
}

/** The package refuses to register where the subject's level is not the one it was given, and names both. */
function chosenLevel(thrown: unknown): COMPATIBILITY | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const [, level] = /\(FULL != ([A-Z_]+)\)/.exec(thrown.message) ?? [];
  return Object.values(COMPATIBILITY).find((known) => known === level);
}

function registerError(thrown: unknown, subject: string, schema: string, place: string): PenstockError {
  const context = { subject, schema };
  const status = statusOf(thrown);
  if (status === 409) {
    const message = `the registry refused ${schema} for ${subject}: ${messageOf(thrown)}`;
    return new PenstockError('PIPE_SCHEMA_INCOMPATIBLE', message, { context, cause: thrown });
  }
  if (status === 422 || (status === undefined && !isTimeout(thrown))) {
    const message = `${schema} cannot be registered for ${subject}: ${messageOf(thrown)}`;
    return new PenstockError('PIPE_SCHEMA_INVALID', message, { context, cause: thrown });
  }
  return unavailable(thrown, place);
}

function unavailable(thrown: unknown, place: string): PenstockError {
  const message = `the schema registry at ${place} did not serve the request: ${messageOf(thrown)}`;
  return new PenstockError('PIPE_REGISTRY_UNAVAILABLE', message, { context: { registryUrl: place }, cause: thrown });
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('no answer within');
}

/** The package gives failures of the connection a status too (400). */
function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return undefined;
  return typeof thrown.status === 'number' ? thrown.status : undefined;
}
