import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance } from 'fastify';
import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { collectMethods } from './methods.ts';
import { problemOf, sendProblem, statusOf } from './problem.ts';
import { requestLog } from './request-log.ts';

/** Answers of a route that carry more than the error: what was accepted before it, for example. */
export class ProblemWith extends Error {
  readonly error: PenstockError;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(error: PenstockError, extensions: Readonly<Record<string, unknown>>) {
    super(error.message, { cause: error });
    this.error = error;
    this.extensions = extensions;
  }
}

/** Every failure leaves as application/problem+json; what we do not know leaves without its message, stack or SQL. */
export function installErrors(app: FastifyInstance): void {
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = toPenstockError(thrown);
    if (statusOf(error.code) === 500) {
      requestLog(request).error(
        { err: thrown, method: request.method, route: request.routeOptions.url },
        'request failed',
      );
    }
    if (statusOf(error.code) === 503)
      requestLog(request).debug({ code: error.code, reason: error.message }, 'not served');
    const known = thrown instanceof ProblemWith ? thrown.extensions : {};
    return sendProblem(reply, publicForm(error), known);
  });
}

/** Before a body is looked at; after the token was. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const methodsOf = collectMethods(app);
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const methods = methodsOf(request.url.split('?', 1)[0] ?? '');
    if (methods.length === 0) return done(new PenstockError('PIPE_GATEWAY_ROUTE_UNKNOWN', 'no such path'));
    reply.header('allow', methods.join(', '));
    return done(new PenstockError('PIPE_GATEWAY_METHOD_UNKNOWN', `this path knows ${methods.join(', ')}`));
  });
}

/** For what fails before routing: a path that cannot be decoded. */
export function onFrameworkError(
  error: FastifyError,
  _request: unknown,
  reply: Parameters<typeof sendProblem>[0],
): void {
  sendProblem(reply, toPenstockError(error));
}

/** For bytes that are no HTTP request, headers that are too large, or slow ones: there is no reply object yet. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = slow ? '408 Request Timeout' : '400 Bad Request';
  const detail = slow ? 'the request took too long to arrive' : 'not a well-formed HTTP request';
  const problem = { ...problemOf(new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', detail)), status: slow ? 408 : 400 };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

const codeByFastifyCode: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'PIPE_GATEWAY_REQUEST_INVALID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PIPE_GATEWAY_BODY_TOO_LARGE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'PIPE_GATEWAY_BODY_INVALID',
  FST_ERR_CTP_EMPTY_TYPE: 'PIPE_GATEWAY_CONTENT_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'PIPE_GATEWAY_REQUEST_INVALID',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'PIPE_GATEWAY_CONTENT_TYPE',
  FST_ERR_CTP_INVALID_TYPE: 'PIPE_GATEWAY_CONTENT_TYPE',
  FST_ERR_MAX_PARAM_LENGTH: 'PIPE_GATEWAY_REQUEST_INVALID',
  FST_ERR_VALIDATION: 'PIPE_GATEWAY_REQUEST_INVALID',
};

export function toPenstockError(thrown: unknown): PenstockError {
  if (thrown instanceof PenstockError) return thrown;
  if (thrown instanceof ProblemWith) return thrown.error;
  const fastifyCode = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  const code = codeByFastifyCode[fastifyCode];
  if (code) return new PenstockError(code, messageOf(thrown), { cause: thrown });
  if (/^(Z_|ERR_BROTLI|ERR_?_ERROR|ERR_PADDING|ERR__ERROR)/.test(fastifyCode)) {
    return new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the body is not what its content encoding says', {
      cause: thrown,
    });
  }
  if (fastifyCode === 'ECONNRESET') {
    return new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the body ended before its declared length', {
      cause: thrown,
    });
  }
  if (fastifyCode.startsWith('FST_') && isClientError(thrown)) {
    return new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', messageOf(thrown), { cause: thrown });
  }
  return new PenstockError('PIPE_GATEWAY_INTERNAL', 'the gateway could not answer this request', { cause: thrown });
}

function isClientError(thrown: unknown): boolean {
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  return status >= 400 && status < 500;
}

/** Where an adapter's own message names addresses of ours. */
const publicDetails: Partial<Record<ErrorCode, string>> = {
  PIPE_BLOB_KEY_INVALID: 'the result is not in the blob store',
  PIPE_BLOB_NOT_FOUND: 'the result is not in the blob store any more',
  PIPE_BLOB_STORE_UNAVAILABLE: 'the blob store did not answer',
  PIPE_BROKER_AUTH: 'Kafka refused the gateway',
  PIPE_BROKER_REFUSED: 'Kafka refused the gateway',
  PIPE_BROKER_UNAVAILABLE: 'Kafka did not acknowledge in time; whether it took the task is unknown',
  PIPE_REGISTRY_UNAVAILABLE: 'the schema registry did not answer; nothing was sent to Kafka',
  PIPE_TOPIC_UNKNOWN: 'the topic of this stage has not been made yet',
};

/** Codes that should not arise here keep their code for the reader, but not a message that may name our insides. */
function publicForm(error: PenstockError): PenstockError {
  const unforeseen = statusOf(error.code) === 500 ? 'the gateway could not answer this request' : undefined;
  const detail = publicDetails[error.code] ?? unforeseen;
  return detail === undefined
    ? error
    : new PenstockError(error.code, detail, error.afterMs === undefined ? {} : { afterMs: error.afterMs });
}
