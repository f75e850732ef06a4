import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { CataloguePipeline } from '../catalogue.ts';
import { knownTo } from '../identity/identity.ts';
import { asyncapiOf } from './asyncapi.ts';

/** All that the page loads comes from here: nothing inline, no other host. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface DocsOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly version: string;
}

/** GET /openapi.json, and /docs, its rendered form. Open: they hold what the source holds, no name of the catalogue. */
export function addDocsRoutes(app: FastifyInstance, options: DocsOptions): void {
  const schema = { summary: 'This reference as OpenAPI 3.1', tags: ['operation'], hide: true };
  app.get('/openapi.json', { config: { role: 'none' }, schema }, async () => app.swagger());
  addAsyncapiRoute(app, options);
  app.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, role: 'none' };
    });
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', contentSecurityPolicy);
      return payload;
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { layout: 'BaseLayout', validatorUrl: null, persistAuthorization: false },
      theme: { title: 'Penstock API' },
    });
  });
}

/** It names pipelines, so it shows a caller only its own. */
function addAsyncapiRoute(app: FastifyInstance, { pipelines, version }: DocsOptions): void {
  const description = 'AsyncAPI 3 document';
  app.get(
    '/asyncapi.json',
    {
      config: { role: 'read' },
      schema: {
        summary: 'The Kafka topics as AsyncAPI 3, with their Avro schemas',
        tags: ['operation'],
        response: { 200: Type.Unknown({ description }) },
      },
    },
    async ({ identity }) => asyncapiOf(knownTo(identity, pipelines), version),
  );
}
