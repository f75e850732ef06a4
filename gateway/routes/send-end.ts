import { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Receipt } from '../../client/types.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { shapeOf } from '../intake/body.ts';
import type { TaskBody } from '../intake/take-body.ts';
import type { Waiting } from '../watching/waiting.ts';

/** Throws PIPE_GATEWAY_REQUEST_INVALID. */
export function checkOneTask(body: TaskBody): void {
  const isBatch = body.kind === 'lines' || body.kind === 'events';
  if (!isBatch && !(body.kind === 'json' && shapeOf(body.bytes) === 'array')) return;
  throw new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', 'wait is for one task: watch those of a batch by their ids');
}

/** A connection on which nothing moves is cut off; a wait may last longer. */
const graceMs = 30_000;

/** 200 with the end of the task, or 202 with its receipt where it has not ended in time. */
export async function sendEnd(
  waiting: Waiting,
  receipt: Receipt,
  waitMs: number,
  { socket }: FastifyRequest['raw'],
  reply: FastifyReply,
): Promise<FastifyReply> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  // It is none where a request is injected.
  if (socket instanceof Socket) socket.setTimeout(waitMs + graceMs);
  reply.raw.once('close', leave);
  const end = await waiting.whole(receipt.pipeline, receipt.id, waitMs, gone.signal);
  reply.raw.off('close', leave);
  if (waiting.isEnding) reply.header('connection', 'close');
  reply.header('location', `/v1/tasks/${encodeURIComponent(receipt.id)}`);
  return end === undefined ? reply.code(202).send(receipt) : reply.code(200).send(end);
}
