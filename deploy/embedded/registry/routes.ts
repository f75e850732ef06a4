import type { FastifyInstance } from 'fastify';
import { type CompatibilityLevel, compatibilityLevels } from './events.ts';
import { liveVersions, type Registry, requireSubject } from './registry.ts';
import { RegistryFault, schemaInvalid, schemaUnknown } from './registry-fault.ts';
import type { SchemaVersion } from './state.ts';

interface SubjectParams {
  readonly subject: string;
}
interface VersionParams extends SubjectParams {
  readonly version: string;
}
interface IdParams {
  readonly id: string;
}
interface Flags {
  readonly deleted?: string;
  readonly permanent?: string;
  readonly defaultToGlobal?: string;
  readonly verbose?: string;
}

const isSet = (flag: string | undefined): boolean => flag === 'true';

/** The Confluent Schema Registry's REST interface, for Avro. */
export function registryRoutes(app: FastifyInstance, registry: Registry): void {
  const { state } = registry;
  app.get('/', () => ({}));
  app.get('/mode', () => ({ mode: 'READWRITE' }));
  app.get('/schemas/types', () => ['AVRO']);
  subjectRoutes(app, registry);
  versionRoutes(app, registry);
  configRoutes(app, registry);
  app.get<{ Params: IdParams }>('/schemas/ids/:id', ({ params }) => ({ schema: schemaOf(registry, params.id) }));
  app.get<{ Params: IdParams }>('/schemas/ids/:id/schema', ({ params }) => JSON.parse(schemaOf(registry, params.id)));
  app.get<{ Params: IdParams }>('/schemas/ids/:id/versions', ({ params }) => {
    schemaOf(registry, params.id);
    const versions = state.allVersions().filter(({ id, isDeleted }) => id === Number(params.id) && !isDeleted);
    return versions.map(({ subject, version }) => ({ subject, version }));
  });
}

function schemaOf({ state }: Registry, id: string): string {
  const schema = /^\d{1,10}$/.test(id) ? state.schema(Number(id)) : undefined;
  if (schema === undefined) throw schemaUnknown();
  return schema;
}

function subjectRoutes(app: FastifyInstance, registry: Registry): void {
  const { state } = registry;
  app.get<{ Querystring: Flags }>('/subjects', ({ query }) =>
    state.subjects().filter((subject) => {
      const versions = isSet(query.deleted) ? state.versions(subject) : liveVersions(state, subject);
      return versions.length > 0;
    }),
  );
  app.post<{ Params: SubjectParams; Body: unknown }>('/subjects/:subject', ({ params, body }) =>
    describe(registry.find(params.subject, readSchemaBody(body))),
  );
  app.delete<{ Params: SubjectParams; Querystring: Flags }>('/subjects/:subject', ({ params, query }) =>
    registry.deleteSubject(params.subject, isSet(query.permanent)),
  );
}

function versionRoutes(app: FastifyInstance, registry: Registry): void {
  const { state } = registry;
  const path = '/subjects/:subject/versions';
  app.get<{ Params: SubjectParams; Querystring: Flags }>(path, ({ params, query }) => {
    const all = state.versions(params.subject);
    const found = isSet(query.deleted) && all.length > 0 ? all : requireSubject(state, params.subject);
    return found.map(({ version }) => version);
  });
  app.post<{ Params: SubjectParams; Body: unknown }>(path, ({ params, body }) =>
    registry.register(params.subject, readSchemaBody(body)),
  );
  app.get<{ Params: VersionParams; Querystring: Flags }>(`${path}/:version`, ({ params, query }) =>
    describe(registry.version(params.subject, params.version, isSet(query.deleted))),
  );
  app.get<{ Params: VersionParams }>(`${path}/:version/schema`, ({ params }) =>
    JSON.parse(registry.version(params.subject, params.version).schema),
  );
  app.delete<{ Params: VersionParams; Querystring: Flags }>(`${path}/:version`, ({ params, query }) =>
    registry.deleteVersion(params.subject, params.version, isSet(query.permanent)),
  );
  app.post<{ Params: VersionParams; Body: unknown; Querystring: Flags }>(
    '/compatibility/subjects/:subject/versions/:version',
    ({ params, body, query }) => {
      const problems = registry.check(params.subject, params.version, readSchemaBody(body));
      return { is_compatible: problems.length === 0, ...(isSet(query.verbose) ? { messages: problems } : {}) };
    },
  );
}

const describe = ({ subject, version, id, schema }: SchemaVersion) => ({ subject, version, id, schema });

function readSchemaBody(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('schema' in body) || typeof body.schema !== 'string') {
    throw schemaInvalid('the body must be an object with the schema as a string in “schema”');
  }
  const type = 'schemaType' in body ? body.schemaType : 'AVRO';
  if (type !== 'AVRO' && type !== null && type !== undefined) {
    throw schemaInvalid(`type ${String(type).slice(0, 40)} is not kept here; only AVRO is`);
  }
  if ('references' in body && Array.isArray(body.references) && body.references.length > 0) {
    throw schemaInvalid('references to other subjects are not kept here');
  }
  return body.schema;
}

function configRoutes(app: FastifyInstance, registry: Registry): void {
  const { state } = registry;
  app.get('/config', () => ({ compatibilityLevel: state.level(null) ?? 'BACKWARD' }));
  app.put<{ Body: unknown }>('/config', async ({ body }) => {
    const level = readLevel(body);
    await registry.configure(null, level);
    return { compatibility: level };
  });
  app.get<{ Params: SubjectParams; Querystring: Flags }>('/config/:subject', ({ params, query }) => {
    const level = state.level(params.subject);
    if (level === undefined && !isSet(query.defaultToGlobal)) throw configUnknown(params.subject);
    return { compatibilityLevel: level ?? state.effectiveLevel(params.subject) };
  });
  app.put<{ Params: SubjectParams; Body: unknown }>('/config/:subject', async ({ params, body }) => {
    const level = readLevel(body);
    await registry.configure(params.subject, level);
    return { compatibility: level };
  });
  app.delete<{ Params: SubjectParams }>('/config/:subject', async ({ params }) => {
    const level = state.level(params.subject);
    if (level === undefined) throw configUnknown(params.subject);
    await registry.configure(params.subject, null);
    return { compatibilityLevel: level };
  });
}

const configUnknown = (subject: string): RegistryFault =>
  new RegistryFault(40408, `Subject '${subject}' does not have subject-level compatibility configured`);

function readLevel(body: unknown): CompatibilityLevel {
  const asked = typeof body === 'object' && body !== null && 'compatibility' in body ? body.compatibility : undefined;
  const level = compatibilityLevels.find((known) => known === String(asked).toUpperCase());
  if (!level) {
    throw new RegistryFault(42203, `Invalid compatibility level. Valid values are ${compatibilityLevels.join(', ')}`);
  }
  return level;
}
