import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';

const roles = ['submit', 'read', 'operate', 'admin'] as const;

export interface IdentityRouteOptions {
  readonly version: string;
  /** Whether callers need a token at all. */
  readonly withTokens: boolean;
}

const answer = Type.Object(
  {
    name: Type.String({ description: 'As in the audit log' }),
    roles: Type.Array(Type.Union(roles.map((role) => Type.Literal(role)))),
    tenant: Type.Optional(Type.String({ description: 'Bound to it' })),
    pipelines: Type.Optional(Type.Array(Type.String(), { description: 'Bound to them' })),
    withTokens: Type.Boolean({ description: 'false: anybody on this machine may do all' }),
    version: Type.String({ description: 'Of the gateway' }),
    now: Type.Integer({ description: 'The gateway’s clock, epoch ms' }),
  },
  { description: 'The caller' },
);

/** Who the caller is, so that an interface shows what its token may do and nothing else. */
export function addIdentityRoute(app: FastifyInstance, { version, withTokens }: IdentityRouteOptions): void {
  app.get(
    '/v1/identity',
    {
      config: { role: 'any' },
      schema: { summary: 'Who calls, and what they may do', tags: ['operation'], response: { 200: answer } },
    },
    async ({ identity }) => ({
      name: identity.name,
      roles: roles.filter((role) => identity.roles.has(role)),
      ...(identity.tenant !== undefined && { tenant: identity.tenant }),
      ...(identity.pipelines && { pipelines: [...identity.pipelines] }),
      ...{ withTokens, version, now: Date.now() },
    }),
  );
}
