import type { FastifyReply } from 'fastify';
import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import type { PenstockError } from '../../schemas/errors.ts';
import type { PayloadError } from '../../schemas/payload/payload-checks.ts';
import { payloadErrorsOf } from '../intake/read-payload.ts';
import { jsonOf } from './json-stream.ts';

/** RFC 9457. `type` and `code` are stable; `detail` is for people. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly [extension: string]: unknown;
}

const statusByCode: Partial<Record<ErrorCode, number>> = {
  PIPE_BLOB_KEY_INVALID: 404,
  PIPE_BLOB_NOT_FOUND: 404,
  PIPE_BLOB_STORE_UNAVAILABLE: 503,
  PIPE_BROKER_AUTH: 503,
  PIPE_BROKER_REFUSED: 503,
  PIPE_BROKER_UNAVAILABLE: 503,
  PIPE_CLICKHOUSE_LIMIT: 422,
  PIPE_CLICKHOUSE_QUERY: 422,
  PIPE_CLICKHOUSE_UNAVAILABLE: 503,
  PIPE_GATEWAY_BATCH_TOO_LARGE: 413,
  PIPE_GATEWAY_BODY_INVALID: 400,
  PIPE_GATEWAY_BODY_TOO_LARGE: 413,
  PIPE_GATEWAY_CONTENT_TYPE: 415,
  PIPE_GATEWAY_EVENT_INVALID: 400,
  PIPE_GATEWAY_FORBIDDEN: 403,
  PIPE_GATEWAY_HOST_REFUSED: 421,
  PIPE_GATEWAY_IDEMPOTENCY_CONFLICT: 422,
  PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT: 409,
  PIPE_GATEWAY_METHOD_UNKNOWN: 405,
  PIPE_GATEWAY_ORIGIN_REFUSED: 403,
  PIPE_GATEWAY_OVERLOADED: 503,
  PIPE_GATEWAY_RATE_LIMITED: 429,
  PIPE_GATEWAY_RANGE_UNSATISFIABLE: 416,
  PIPE_GATEWAY_REQUEST_INVALID: 400,
  PIPE_GATEWAY_ROUTE_UNKNOWN: 404,
  PIPE_GATEWAY_UNAUTHORIZED: 401,
  PIPE_PIPELINE_UNKNOWN: 404,
  PIPE_REGISTRY_UNAVAILABLE: 503,
  PIPE_SQL_REFUSED: 403,
  PIPE_STAGE_UNKNOWN: 404,
  PIPE_TASK_FINISHED: 409,
  PIPE_TASK_NOT_DEAD_LETTER: 404,
  PIPE_TASK_NOT_FINISHED: 409,
  PIPE_TASK_NOT_FOUND: 404,
  PIPE_TASK_NOT_JSON: 400,
  PIPE_TASK_NOT_SUCCEEDED: 409,
  PIPE_TASK_RECORD_GONE: 410,
  PIPE_TASK_SCHEMA_MISMATCH: 422,
  PIPE_TASK_TOO_LARGE: 413,
  PIPE_TOPIC_UNKNOWN: 503,
};

const defaultRetryAfterMs = 5_000;

export function statusOf(code: ErrorCode): number {
  return statusByCode[code] ?? 500;
}

export function problemOf(error: PenstockError, extensions: Readonly<Record<string, unknown>> = {}): Problem {
  const { cause, remedy } = errorCatalogue[error.code];
  const places = payloadErrorsOf(error);
  return {
    type: `urn:penstock:error:${error.code}`,
    title: cause,
    status: statusOf(error.code),
    detail: error.message,
    code: error.code,
    remedy,
    ...(places && { errors: places.map(toPublic) }),
    ...extensions,
  };
}

const toPublic = ({ pointer, message }: PayloadError) => ({ pointer, detail: message });

/** Statuses after which the same request may do later. */
const waits = new Set([409, 429, 503]);

const asItIs = (payload: unknown): string => String(payload);

export function sendProblem(
  reply: FastifyReply,
  error: PenstockError,
  extensions: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const problem = problemOf(error, extensions);
  if (waits.has(problem.status) && (error.retryable || problem.status !== 409)) {
    reply.header('retry-after', Math.max(1, Math.ceil((error.afterMs ?? defaultRetryAfterMs) / 1_000)));
  }
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="penstock"');
  // Serialised here: a route's response schema must not cut extensions off.
  return reply.code(problem.status).type('application/problem+json').serializer(asItIs).send(jsonOf(problem));
}
