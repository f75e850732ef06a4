import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import type { ResultBlob } from '../../schemas/task-ending.ts';
import { type ByteRange, readRange } from '../watching/byte-range.ts';
import { findTask, type TaskSources } from '../watching/find-task.ts';

/** The blob store as the gateway needs it. */
export interface BlobReader {
  /** Rejects with PIPE_BLOB_NOT_FOUND, PIPE_BLOB_KEY_INVALID. */
  get(key: string, options?: { readonly range?: ByteRange }): Promise<Readable>;
}

export interface ResultRouteOptions extends TaskSources {
  readonly blobs: BlobReader | undefined;
}

const params = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256, examples: ['01a1fdbd-1481-70d9-8767-9f0a996a92e3'] }),
});
type ResultRequest = FastifyRequest<{ Params: Static<typeof params> }>;

const bytes = { '*/*': { schema: Type.String() } };
const json = { 'application/json': { schema: Type.Unknown() } };
const response = {
  200: { description: 'The result: bytes of the blob store, else JSON', content: { ...json, ...bytes } },
  204: Type.Null({ description: 'It succeeded, and gave no result' }),
  206: { description: 'The range that was asked for', content: bytes },
};

/** GET /v1/tasks/:id/result: what the last stage gave with `result()`. */
export function addResultRoute(app: FastifyInstance, options: ResultRouteOptions): void {
  app.get<{ Params: Static<typeof params> }>(
    '/v1/tasks/:id/result',
    {
      config: {
        role: 'read',
        problems: [
          ...(['PIPE_TASK_NOT_FOUND', 'PIPE_TASK_NOT_FINISHED', 'PIPE_TASK_NOT_SUCCEEDED'] as const),
          ...(['PIPE_BLOB_NOT_FOUND', 'PIPE_BLOB_STORE_UNAVAILABLE', 'PIPE_CLICKHOUSE_UNAVAILABLE'] as const),
          'PIPE_GATEWAY_RANGE_UNSATISFIABLE',
        ],
      },
      schema: {
        summary: 'What a task came to',
        description:
          'Takes a `Range` of one part. A name is in the `content-disposition` header; nothing is shown in place.',
        ...{ tags: ['tasks'], params, response },
      },
    },
    (request, reply) => answer(options, request, reply),
  );
}

async function answer(options: ResultRouteOptions, request: ResultRequest, reply: FastifyReply) {
  const task = await findTask(request.params.id, request.identity, options);
  if (!task) throw new PenstockError('PIPE_TASK_NOT_FOUND', 'no attempt of this task is recorded yet');
  const { end, result, blob } = task;
  if (end === undefined) throw new PenstockError('PIPE_TASK_NOT_FINISHED', 'the task has not ended yet');
  if (end !== 'succeeded') throw new PenstockError('PIPE_TASK_NOT_SUCCEEDED', `the task ended as ${end}`);
  if (blob) return sendBlob(options.blobs, blob, request, reply);
  if (result === undefined) return reply.code(204).send();
  // As bytes: a result that is a text must keep its quotes.
  return reply.type('application/json').send(Buffer.from(JSON.stringify(result)));
}

async function sendBlob(
  blobs: BlobReader | undefined,
  blob: ResultBlob,
  { headers, params: { id } }: ResultRequest,
  reply: FastifyReply,
) {
  if (!blobs) throw new PenstockError('PIPE_BLOB_STORE_UNAVAILABLE', 'this gateway has no blob store');
  const etag = `"${blob.sha256}"`;
  reply.headers({ etag, 'accept-ranges': 'bytes', 'content-disposition': `attachment; filename="${fileName(id)}"` });
  const wanted = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined;
  const range = readRange(wanted, blob.sizeBytes);
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${blob.sizeBytes}`);
    throw new PenstockError('PIPE_GATEWAY_RANGE_UNSATISFIABLE', `the result has ${blob.sizeBytes} bytes`);
  }
  const { start, end } = range === 'all' ? { start: 0, end: blob.sizeBytes - 1 } : range;
  const part = await blobs.get(blob.key, range === 'all' ? {} : { range });
  if (range !== 'all') reply.code(206).header('content-range', `bytes ${start}-${end}/${blob.sizeBytes}`);
  return reply
    .type(contentType(blob.contentType))
    .header('content-length', end - start + 1)
    .send(part);
}

/** From a stage's hands into a header. */
const contentType = (given: string): string =>
  /^[\w.+-]{1,60}\/[\w.+-]{1,80}(; ?charset=[\w-]{1,30})?$/.test(given) ? given : 'application/octet-stream';

const fileName = (id: string): string => id.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100);
