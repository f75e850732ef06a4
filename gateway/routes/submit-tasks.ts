import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { knows, tenantFor } from '../identity/identity.ts';
import { Batch } from '../intake/batch.ts';
import { itemsOf, shapeOf, toLine } from '../intake/body.ts';
import { linesOf } from '../intake/ndjson.ts';
import type { Submission, Submitter } from '../intake/submission.ts';
import { ProblemWith, toPenstockError } from '../plugins/errors.ts';
import type { Metrics } from '../plugins/metrics.ts';
import { problemOf } from '../plugins/problem.ts';
import { readSubmission, submitParams, submitQuery } from './submit-request.ts';

const maxJsonBytes = 8 * 1024 * 1024;
const maxTaskBytes = 1_000_000;
const limits = { maxTasks: 1_000_000, maxRejected: 10_000, maxTaskBytes };
const lineLimits = { maxLineBytes: maxTaskBytes, maxLines: 500, maxChunkBytes: 512 * 1024 };

export interface SubmitRouteOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly submitter: Submitter;
  readonly metrics: Metrics;
}

interface SubmitRequest {
  Params: Static<typeof submitParams>;
  Querystring: Static<typeof submitQuery>;
  Body: Buffer | IncomingMessage | undefined;
}

/**
 * POST /v1/pipelines/:pipeline/tasks. A 202 says that Kafka acknowledged what it lists; a 503 after a send says
 * nothing of whether Kafka took it: repeat with an Idempotency-Key to be safe.
 */
export function addSubmitRoute(app: FastifyInstance, options: SubmitRouteOptions): void {
  app.register(async (scope) => {
    scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: maxJsonBytes }, keepBytes);
    const lines = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];
    scope.addContentTypeParser(
      lines,
      { bodyLimit: Number.MAX_SAFE_INTEGER },
      async (_: unknown, body: IncomingMessage) => body,
    );
    scope.post<SubmitRequest>(
      '/v1/pipelines/:pipeline/tasks',
      { config: { role: 'submit' }, schema: { params: submitParams, querystring: submitQuery } },
      (request, reply) => submit(options, request, reply),
    );
  });
}

async function keepBytes(_request: FastifyRequest, body: Buffer): Promise<Buffer> {
  return body;
}

async function submit(options: SubmitRouteOptions, request: FastifyRequest<SubmitRequest>, reply: FastifyReply) {
  const { identity, params, query, headers } = request;
  const known = options.pipelines.filter(({ name }) => knows(identity, name));
  const target = findTarget(known, params.pipeline, query.stage);
  const submission = readSubmission(target, { ...query, tenant: tenantFor(identity, query.tenant) }, headers);
  try {
    await options.submitter.open(target);
    const answer = await takeBody(options.submitter, submission, request.body);
    options.metrics.tasksAccepted(target.pipeline, target.stage, 'ids' in answer ? answer.ids.length : 1);
    return reply.code(202).send(answer);
  } catch (error) {
    options.metrics.tasksRejected(target.pipeline, target.stage, toPenstockError(error).code);
    throw error;
  }
}

async function takeBody(submitter: Submitter, submission: Submission, body: Buffer | IncomingMessage | undefined) {
  if (body === undefined || (Buffer.isBuffer(body) && body.length === 0))
    throw new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the body is empty');
  if (!Buffer.isBuffer(body)) return takeLines(submitter, submission, body);
  const shape = shapeOf(body);
  if (shape === 'object') return submitter.submitOne(submission, body);
  return takeItems(submitter, submission, itemsOf(body));
}

async function takeItems(submitter: Submitter, submission: Submission, items: unknown[]) {
  const batch = new Batch(submitter, submission, limits);
  return runBatch(batch, async () => {
    for (let start = 0; start < items.length; start += lineLimits.maxLines) {
      await batch.add(items.slice(start, start + lineLimits.maxLines).map(toLine));
    }
  });
}

async function takeLines(submitter: Submitter, submission: Submission, body: IncomingMessage) {
  const batch = new Batch(submitter, submission, limits);
  return runBatch(batch, async () => {
    for await (const lines of linesOf(body, lineLimits)) await batch.add(lines);
  });
}

/** The answer lists every task; a batch that stopped midway answers its error with the same lists. */
async function runBatch(batch: Batch, run: () => Promise<void>) {
  const answer = () => ({
    accepted: batch.ids.length,
    rejected: batch.rejected.map(({ index, error }) => ({ index, error: problemOf(error) })),
    ids: batch.ids,
  });
  try {
    await run();
  } catch (error) {
    throw new ProblemWith(toPenstockError(error), answer());
  }
  // Nobody means to submit nothing: an export that went wrong looks like this.
  if (batch.size === 0) throw new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the batch holds no task');
  const first = batch.rejected[0];
  if (batch.ids.length === 0 && first) throw new ProblemWith(first.error, answer());
  return answer();
}
