import type { FastifyInstance } from 'fastify';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Broker } from '../../topics/ports.ts';
import { withDeadline } from '../intake/deadline.ts';
import { lazy } from '../intake/lazy.ts';

const answerForMs = 1_000;
const deadlineMs = 3_000;

/** Live: the process answers. Ready: Kafka does too, asked at most once a second. */
export function addHealthRoutes(app: FastifyInstance, broker: Broker): void {
  const admin = lazy(() => broker.admin());
  let last: { at: number; check: Promise<void> } | undefined;

  async function askKafka(): Promise<void> {
    await withDeadline(
      admin.get().then((open) => open.listTopics()),
      deadlineMs,
      'PIPE_BROKER_UNAVAILABLE',
    );
  }

  app.get('/health/live', async () => ({ status: 'live' }));

  app.get('/health/ready', async () => {
    if (!last || Date.now() - last.at > answerForMs) last = { at: Date.now(), check: askKafka() };
    try {
      await last.check;
    } catch (error) {
      throw new PenstockError('PIPE_BROKER_UNAVAILABLE', messageOf(error), { cause: error });
    }
    return { status: 'ready' };
  });

  app.addHook('onClose', () => admin.close((open) => open.close()));
}
