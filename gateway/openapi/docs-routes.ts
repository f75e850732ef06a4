import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** All that the page loads comes from here: nothing inline, no other host. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** GET /openapi.json, and /docs, its rendered form. Open: they hold what the source holds, no name of the catalogue. */
export function addDocsRoutes(app: FastifyInstance): void {
  const schema = { summary: 'This reference as OpenAPI 3.1', tags: ['operation'], hide: true };
  app.get('/openapi.json', { config: { role: 'none' }, schema }, async () => app.swagger());
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
      uiConfig: { url: '/openapi.json', validatorUrl: null, tryItOutEnabled: true, persistAuthorization: false },
      theme: { title: 'Penstock API' },
    });
  });
}
