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
        reject(new NoAnswer(`no answer within ${timeoutMs} ms`));
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
        const id: unknown = await bounded((used) => register(used, subject, schema.avro));
        if (typeof id !== 'number') throw new NoAnswer('its answer holds no schema id');
        return id;
      } catch (thrown) {
        throw registerError(thrown, subject, schema.name, place);
      }
    },
    async fetch(id) {
      try {
        return asAvroType(await bounded((used) => used.getSchema(id)));
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 404 && toldByRegistry(thrown)) return undefined;
        if (status !== undefined || thrown instanceof NoAnswer) throw unavailable(thrown, place);
        throw new PenstockError(
          'PIPE_TASK_SCHEMA_MISMATCH',
          `schema id ${id} cannot be used: ${messageOf(thrown).slice(0, 300)}`,
          { context: { schemaId: id }, cause: thrown },
        );
      }
    },
  };
}

/** Nothing came back that a registry could have said. */
class NoAnswer extends Error {}

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
      middlewares: [guardedRequests(timeoutMs)],
    },
    { [SchemaType.AVRO]: { wrapUnions: 'auto' } },
  );
}

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

/** The package would take a proxy's page with status 200 for a schema that is wrong. */
function guardedRequests(timeoutMs: number): Middleware {
  return () => ({
    request: async (request) => request.enhance({ timeout: timeoutMs }),
    response: async (next) => {
      const response = await next();
      const answer: unknown = response.data();
      if (typeof answer !== 'object' || answer === null) throw new NoAnswer('its answer is no JSON object');
      return response;
    },
  });
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
    const message = `the registry refused ${schema} for ${subject}: ${reasonOf(thrown)}`;
    return new PenstockError('PIPE_SCHEMA_INCOMPATIBLE', message, { context, cause: thrown });
  }
  if (status === 422 || (status === undefined && !(thrown instanceof NoAnswer))) {
    const message = `${schema} cannot be registered for ${subject}: ${reasonOf(thrown)}`;
    return new PenstockError('PIPE_SCHEMA_INVALID', message, { context, cause: thrown });
  }
  return unavailable(thrown, place);
}

/** Any web server answers 404; only a registry says why, in a JSON message. Else a wrong URL would dead-letter every task. */
function toldByRegistry(thrown: unknown): boolean {
  return !messageOf(thrown).includes('Error, status 404');
}

/** Without what the package puts in front; it calls every broken connection a status 400. */
function reasonOf(thrown: unknown): string {
  return messageOf(thrown)
    .replace(/^penstock - (Error, status 400: )?/, '')
    .slice(0, 300);
}

function unavailable(thrown: unknown, place: string): PenstockError {
  const message = `the schema registry at ${place} did not serve the request: ${reasonOf(thrown)}`;
  return new PenstockError('PIPE_REGISTRY_UNAVAILABLE', message, { context: { registryUrl: place }, cause: thrown });
}

/** The package gives failures of the connection a status too (400). */
function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('status' in thrown)) return undefined;
  return typeof thrown.status === 'number' ? thrown.status : undefined;
}
