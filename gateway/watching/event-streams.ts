import type { FastifyInstance, FastifyReply } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';
import { EventStream } from './event-stream.ts';

/** Throws PIPE_GATEWAY_OVERLOADED while too many are open. */
export type BeginStream = (reply: FastifyReply) => EventStream;

const retryAfterMs = 5_000;

/** Streams that an app which closes ends. */
export function eventStreams(app: FastifyInstance, { maxOpen = Number.POSITIVE_INFINITY } = {}): BeginStream {
  const open = new Set<EventStream>();
  app.addHook('preClose', async () => {
    for (const each of open) each.finish();
  });
  return (reply) => {
    if (open.size >= maxOpen) {
      throw new PenstockError('PIPE_GATEWAY_OVERLOADED', 'too many streams are open', { afterMs: retryAfterMs });
    }
    const events = new EventStream();
    open.add(events);
    events.once('close', () => open.delete(events));
    // Not kept alive: a gateway that closes ends the stream, and would wait for an idle connection.
    reply.type('text/event-stream').headers({ 'x-accel-buffering': 'no', connection: 'close' });
    return events;
  };
}
