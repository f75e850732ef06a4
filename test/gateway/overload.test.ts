import { performance } from 'node:perf_hooks';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { installErrors } from '../../gateway/plugins/errors.ts';
import { installOverload } from '../../gateway/plugins/overload.ts';
import { until } from '../helpers/until.ts';

function block(forMs: number): void {
  for (const end = performance.now() + forMs; performance.now() < end; );
}

it('a loop that is late sheds what may be shed, honestly, and serves again after it', async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  installErrors(app);
  app.get('/health', async () => 'live');
  app.register(async (scope) => {
    installOverload(scope, { maxLoopDelayMs: 20, sampleMs: 50 });
    scope.post('/tasks', async () => 'taken');
  });
  const post = () => app.inject({ method: 'POST', url: '/tasks' });
  await app.ready();

  const refused = await until('a 503', async () => {
    block(100);
    const answer = await post();
    return answer.statusCode === 503 ? answer : undefined;
  });
  expect(refused.json()).toMatchObject({ code: 'PIPE_GATEWAY_OVERLOADED', status: 503 });
  expect(refused.headers['retry-after']).toBe('1');
  expect((await app.inject('/health')).statusCode).toBe(200);

  await until('a 200', async () => (await post()).statusCode === 200 || undefined);
});
