import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { OrderWriter } from '../control/order-writer.ts';
import type { Identity } from '../identity/identity.ts';
import { type FoundTask, findTask, type TaskSources } from '../watching/find-task.ts';

export interface CancelRouteOptions extends TaskSources {
  readonly orders: OrderWriter;
}

const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 256, examples: ['order-17'] }) });
const answer = Type.Object(
  { id: Type.String(), state: Type.Literal('cancelling') },
  { description: 'Every worker is told; nothing more of the task is run, with what it fans out into' },
);
/** The order must not wait for a history that is slow or away. */
const lookLimitMs = 300;

/** DELETE /v1/tasks/:id. The order is durable when this answers; a running handler is told within a second. */
export function addCancelRoute(app: FastifyInstance, options: CancelRouteOptions): void {
  app.delete<{ Params: Static<typeof params> }>(
    '/v1/tasks/:id',
    {
      config: {
        role: 'submit',
        problems: ['PIPE_TASK_FINISHED', 'PIPE_BROKER_UNAVAILABLE', 'PIPE_REGISTRY_UNAVAILABLE'],
      },
      schema: {
        summary: 'Cancel a task, queued or running',
        description:
          'An id that nobody has recorded yet is ordered all the same: the task may be on its way. The order counts for 24 hours.',
        ...{ tags: ['tasks'], params, response: { 202: answer } },
      },
    },
    async ({ params: { id }, identity, log }, reply) => {
      const task = await findSoon(id, identity, options, (reason) => log.debug({ reason }, 'cancelling unseen'));
      if (task?.end !== undefined) throw new PenstockError('PIPE_TASK_FINISHED', `the task has ended: ${task.end}`);
      await options.orders.cancel(ordersFor(id, identity));
      return reply.code(202).send({ id, state: 'cancelling' });
    },
  );
}

/** Workers compare tenant and pipeline, so nobody cancels what is not theirs, whether we know the task or not. */
function ordersFor(id: string, { name, tenant = '', pipelines }: Identity) {
  const order = { taskIds: [id], at: Date.now(), by: name, tenant };
  return [...(pipelines ?? [''])].map((pipeline) => ({ ...order, pipeline }));
}

async function findSoon(
  id: string,
  identity: Identity,
  sources: TaskSources,
  onFault: (reason: string) => void,
): Promise<FoundTask | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), lookLimitMs);
  });
  const found = findTask(id, identity, sources).catch((error: unknown) => {
    onFault(messageOf(error));
    return undefined;
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
