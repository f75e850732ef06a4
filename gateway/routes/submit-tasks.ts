import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { knownTo } from '../identity/identity.ts';
import type { Batch } from '../intake/batch.ts';
import { isBinaryEvent, readBinaryEvent } from '../intake/cloud-events.ts';
import type { Submitter } from '../intake/submission.ts';
import { type TaskBody, takeBody } from '../intake/take-body.ts';
import { installContentEncoding } from '../plugins/content-encoding.ts';
import { ProblemWith, toPenstockError } from '../plugins/errors.ts';
import { jsonOf, StreamedArray } from '../plugins/json-stream.ts';
import type { Metrics } from '../plugins/metrics.ts';
import { installOverload } from '../plugins/overload.ts';
import { problemOf } from '../plugins/problem.ts';
import { readWait, type Waiting } from '../watching/waiting.ts';
import { AnswerPace } from './answer-pace.ts';
import { checkOneTask, sendEnd } from './send-end.ts';
import { receiptSchema, submitReference, submitTexts } from './submit-reference.ts';
import { readSubmission, submitParams, submitQuery } from './submit-request.ts';
import { endingSchema } from './submit-wait.ts';

/** What is parsed at once: four times as much held all other requests up for a second. Larger batches go as NDJSON. */
const maxJsonBytes = 2 * 1024 * 1024;

export interface SubmitRouteOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly submitter: Submitter;
  readonly metrics: Metrics;
  readonly waiting: Waiting;
  /** Aborted when the gateway begins to stop: a long batch ends where it is. */
  readonly stopping: AbortSignal;
}

interface SubmitRequest {
  Params: Static<typeof submitParams>;
  Querystring: Static<typeof submitQuery>;
  Body: TaskBody | undefined;
}

/**
 * POST /v1/pipelines/:pipeline/tasks. A 202 says that Kafka acknowledged what it lists; a 503 after a send says
 * nothing of whether Kafka took it: repeat with an Idempotency-Key to be safe.
 */
export function addSubmitRoute(app: FastifyInstance, options: SubmitRouteOptions): void {
  const pace = new AnswerPace();
  app.server.on('connection', () => pace.connected());
  app.register(async (scope) => {
    installOverload(scope);
    installContentEncoding(scope);
    addParsers(scope);
    scope.post<SubmitRequest>(
      '/v1/pipelines/:pipeline/tasks',
      {
        config: { role: 'submit', ...submitReference },
        schema: {
          ...submitTexts,
          params: submitParams,
          querystring: submitQuery,
          response: { 200: endingSchema, 202: receiptSchema },
        },
      },
      (request, reply) => submit(options, pace, request, reply),
    );
  });
}

/** Bodies stay bytes: they are parsed once, by whoever knows their schema. */
function addParsers(scope: FastifyInstance): void {
  const parsers = [
    ['json', ['application/json']],
    ['structured-event', ['application/cloudevents+json']],
    ['events', ['application/cloudevents-batch+json']],
  ] as const;
  for (const [kind, types] of parsers) {
    scope.addContentTypeParser([...types], { parseAs: 'buffer', bodyLimit: maxJsonBytes }, (_, bytes, done) =>
      done(null, { kind, bytes }),
    );
  }
  scope.addContentTypeParser(
    ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (_: unknown, stream: Readable) => ({ kind: 'lines', stream }),
  );
}

async function submit(
  options: SubmitRouteOptions,
  pace: AnswerPace,
  request: FastifyRequest<SubmitRequest>,
  reply: FastifyReply,
) {
  const { identity, params, query, headers } = request;
  const target = findTarget(knownTo(identity, options.pipelines), params.pipeline, query.stage);
  const submission = readSubmission(target, query, headers, identity);
  const { metrics, submitter, waiting } = options;
  const waitMs = query.wait === undefined ? undefined : readWait(query.wait);
  try {
    const opening = submitter.open(target);
    if (opening) await opening;
    const body = bodyOf(request);
    if (waitMs !== undefined) {
      checkOneTask(body);
      await waiting.open(target.pipeline);
    }
    const taken = await takeBody(submitter, submission, body, options.stopping);
    if (!('batch' in taken)) {
      metrics.tasksAccepted(target.pipeline, target.stage, 1);
      if (waitMs !== undefined) return await sendEnd(waiting, taken, waitMs, request.raw, reply);
      const turn = pace.wait();
      if (turn) await turn;
      return reply.code(202).send(taken);
    }
    metrics.tasksAccepted(target.pipeline, target.stage, taken.batch.acceptedCount);
    const answer = answerOf(taken.batch);
    if (taken.error !== undefined) {
      // What was not read of the body is not read any more.
      if (!request.raw.complete) reply.header('connection', 'close');
      throw new ProblemWith(toPenstockError(taken.error), answer);
    }
    return reply.code(202).type('application/json; charset=utf-8').serializer(String).send(jsonOf(answer));
  } catch (error) {
    metrics.tasksRejected(target.pipeline, target.stage, toPenstockError(error).code);
    throw error;
  }
}

/** An event in binary mode is a JSON body whose headers say more. */
function bodyOf({ body, headers }: FastifyRequest<SubmitRequest>): TaskBody {
  if (!body || ('bytes' in body && body.bytes.length === 0)) {
    throw new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the body is empty');
  }
  if (body.kind !== 'json' || !isBinaryEvent(headers)) return body;
  return { kind: 'event', event: { attributes: readBinaryEvent(headers), json: body.bytes } };
}

/** Lists every task, also where the batch stopped midway. Ids and problems are made while they are written. */
function answerOf(batch: Batch) {
  return {
    accepted: batch.acceptedCount,
    rejected: new StreamedArray(() => rejectedOf(batch)),
    ids: new StreamedArray(() => batch.ids()),
  };
}

function* rejectedOf(batch: Batch) {
  for (const { index, error } of batch.rejected) yield { index, error: problemOf(error) };
}
