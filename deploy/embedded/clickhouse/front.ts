import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';
import { type Exchange, sendAnswer, sendFailure } from './answer.ts';
import { type Engine, type EngineOptions, openEngine } from './engine.ts';
import { deniedNames } from './guard.ts';
import { AbandonedRequest } from './lane.ts';
import { type BodyBudget, createBodyBudget } from './read-body.ts';
import { runRequest } from './run-request.ts';

export interface ClickHouseFrontOptions extends EngineOptions {
  /** Loopback port; 0 takes a free one. */
  readonly port: number;
  readonly logger: Logger;
}

export interface ClickHouseFront {
  readonly port: number;
  /** Refuses new requests, lets those that run end, closes the data. */
  close(): Promise<void>;
}

/** Requests still running when closing began have this long. */
const closeGraceMs = 10_000;
const maxUrlBytes = 256 << 10;

/**
 * An embedded ClickHouse that speaks the server's HTTP interface on loopback, so that @clickhouse/client, curl and
 * Grafana work as with a server. Not a server: no users, sessions, native protocol or progress. Rejects with
 * PIPE_STACK_NO_CHDB, PIPE_STACK_DATA_IN_USE, PIPE_STACK_PORT_IN_USE.
 */
export async function startClickHouseFront(options: ClickHouseFrontOptions): Promise<ClickHouseFront> {
  const engine = await openEngine(options);
  const context = { engine, denied: deniedNames(engine.tableFunctions), budget: createBodyBudget() };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(context, request, response).catch((error: unknown) => {
      options.logger.error({ error: messageOf(error) }, 'a request could not be answered');
      response.destroy();
    });
  };
  const server = createServer({ maxHeaderSize: maxUrlBytes, keepAliveTimeout: 30_000 }, handle);
  try {
    const port = await listen(server, options.port);
    options.logger.info({ port, version: engine.version }, 'ClickHouse is ready');
    let closing: Promise<void> | undefined;
    return { port, close: () => (closing ??= close(server, engine)) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const failure = new PenstockError('PIPE_STACK_PORT_IN_USE', `port ${port} is in use`, {
        context: { port },
        cause,
      });
      reject(taken ? failure : cause);
    });
    server.listen(port, '127.0.0.1', () => resolve(addressOf(server).port));
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return address;
}

async function close(server: Server, engine: Engine): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(timer);
  await engine.close();
}

interface Context {
  readonly engine: Engine;
  readonly denied: ReadonlySet<string>;
  readonly budget: BodyBudget;
}

async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!isFromHere(request)) return sendText(response, 403, 'Browsers and other hosts are not served here.\n');
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') return sendText(response, 200, 'Ok.\n');
  if (url.pathname !== '/') return sendText(response, 404, `There is no handle ${url.pathname.slice(0, 100)}\n`);
  const isPlainGet = request.method === 'GET' || request.method === 'HEAD';
  if (isPlainGet && !url.searchParams.has('query')) return sendText(response, 200, 'Ok.\n');
  const queryId = url.searchParams.get('query_id')?.replace(/[^\x20-\x7e]/g, '') || randomUUID();
  await runExchange(context, { request, response, url: url.searchParams, queryId });
}

/**
 * A page in the user's browser can post SQL to a loopback port, by its own origin or by a name that resolves here.
 * Browsers say where a request comes from; nothing else needs to.
 */
function isFromHere({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '');
  const isLocal = ['127.0.0.1', 'localhost', '[::1]', ''].includes(host);
  return isLocal && headers.origin === undefined && headers['sec-fetch-site'] === undefined;
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(text);
}

async function runExchange({ engine, denied, budget }: Context, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange;
  try {
    const body = await budget.read(request);
    try {
      const { method, headers } = request;
      const result = await runRequest(engine, denied, {
        url,
        body: body.bytes,
        mayWrite: method === 'POST' || method === 'PUT',
        headers: { database: single(headers['x-clickhouse-database']), format: single(headers['x-clickhouse-format']) },
        isWanted: () => !response.destroyed,
      });
      await sendAnswer(exchange, result);
    } finally {
      body.release();
    }
  } catch (error) {
    if (!(error instanceof AbandonedRequest)) sendFailure(exchange, error);
  }
}

const single = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;
