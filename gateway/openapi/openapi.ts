import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import type { TObject, TSchema } from 'typebox';
import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { problemResponses } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Failures of this route's own; those of the token and of malformed requests are added to each. */
    problems?: readonly ErrorCode[];
    /** Body as the reference shows it, by content type, for routes that read the bytes themselves. */
    body?: Readonly<Record<string, { readonly schema: TSchema }>>;
    /** Headers as the reference shows them, for routes that read them themselves. */
    headers?: TSchema;
    /** Answers as the reference shows them, where that differs from what the serializer needs. */
    responses?: Readonly<Record<number, TSchema>>;
  }
  interface FastifySchema {
    summary?: string;
    description?: string;
    tags?: readonly string[];
    /** Not in the reference. */
    hide?: boolean;
  }
}

const info = {
  title: 'Penstock',
  description:
    'Hands tasks to pipelines on Kafka and tells what became of them. Errors are RFC 9457 problem documents.',
};

const tags = [
  { name: 'tasks', description: 'Submit tasks, and see what became of them' },
  { name: 'pipelines', description: 'What there is to submit to' },
  { name: 'statistics', description: 'Numbers over time, and SQL over the history' },
  { name: 'operation', description: 'Probes, metrics, and descriptions of this API' },
];

const tokenProblems: readonly ErrorCode[] = [
  'PIPE_GATEWAY_UNAUTHORIZED',
  'PIPE_GATEWAY_FORBIDDEN',
  'PIPE_GATEWAY_RATE_LIMITED',
];

/** Makes the OpenAPI 3.1 document out of the schemas of all routes that are added after it. */
export function installOpenapi(app: FastifyInstance, options: { version: string; withTokens: boolean }): void {
  const securitySchemes = { token: { type: 'http', scheme: 'bearer' } } as const;
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { ...info, version: options.version },
      tags,
      ...(options.withTokens && { components: { securitySchemes } }),
    },
    exposeHeadRoutes: false,
    transform: ({ schema, url, route }) => ({ schema: documented(schema, route, options.withTokens), url }),
  });
}

/** What a route says of itself, and what holds for each: the token, and the failures on the way to it. */
function documented(schema: FastifySchema | undefined, route: RouteOptions, withTokens: boolean): FastifySchema {
  const { role = 'admin', body, headers, problems = [], responses } = route.config ?? {};
  const asksToken = withTokens && role !== 'none';
  const failures = problemResponses(['PIPE_GATEWAY_REQUEST_INVALID', ...(asksToken ? tokenProblems : []), ...problems]);
  const own = typeof schema?.response === 'object' ? schema.response : {};
  return {
    ...schema,
    ...(schema?.querystring !== undefined && { querystring: mayBeLeftOut(schema.querystring) }),
    ...(body && { body: { content: body } }),
    ...(headers && { headers }),
    ...(asksToken && { security: [{ token: [] }] }),
    description: [schema?.description, asksToken && `Needs the role \`${role}\`.`].filter(Boolean).join('\n\n'),
    response: { ...failures, ...own, ...responses },
  };
}

/** A parameter with a default is filled in before it is missed, so callers need not give it. */
function mayBeLeftOut(query: unknown): unknown {
  const { properties = {}, required = [], ...rest } = query as Partial<TObject>;
  const isNeeded = (name: string): boolean => !('default' in (properties[name] ?? {}));
  return { ...rest, properties, required: required.filter(isNeeded) };
}
