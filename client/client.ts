import { partsOf } from './batches.ts';
import { type ConnectionOptions, GatewayConnection, pause } from './gateway-connection.ts';
import { PenstockRequestError } from './request-error.ts';
import { readServerEvents, type ServerEvent } from './server-events.ts';
import type {
  BatchReceipt,
  Ending,
  Receipt,
  SubmitOptions,
  TaskDetail,
  TaskEnd,
  TaskEvent,
  TaskFilter,
  TaskSummary,
} from './types.ts';

export interface WaitOptions {
  /** Default 30 000. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RunOptions extends SubmitOptions {
  /** Longest wait for the end, at most 300 000. Default 30 000. */
  readonly timeoutMs?: number;
}

const maxWaitMs = 300_000;
const waitGraceMs = 10_000;
const againMs = 1_000;

/**
 * A gateway's API. `Payloads` names the payload type of each pipeline: `new PenstockClient<{ assets: DownloadTask }>(…)`.
 * Every method rejects with PenstockRequestError; what can pass is tried again by itself, and never makes a second task.
 */
export class PenstockClient<Payloads extends { readonly [Name in keyof Payloads]: unknown } = Record<string, unknown>> {
  readonly #connection: GatewayConnection;

  constructor(options: ConnectionOptions) {
    this.#connection = new GatewayConnection(options);
  }

  /** Resolves once Kafka has the task. */
  async submit<Name extends keyof Payloads & string>(
    pipeline: Name,
    payload: Payloads[Name],
    options: SubmitOptions = {},
  ): Promise<Receipt> {
    return this.#json(await this.#post(pipeline, JSON.stringify(payload), 'application/json', options));
  }

  /** As many as there are, 5 000 to a request. Those that do not fit are in `rejected`; the others are accepted all the same. */
  async submitMany<Name extends keyof Payloads & string>(
    pipeline: Name,
    payloads: Iterable<Payloads[Name]> | AsyncIterable<Payloads[Name]>,
    options: SubmitOptions = {},
  ): Promise<BatchReceipt> {
    const key = options.idempotencyKey ?? crypto.randomUUID();
    const ids: string[] = [];
    const rejected: BatchReceipt['rejected'][number][] = [];
    for await (const { first, lines } of partsOf(payloads)) {
      const keyed = { ...options, idempotencyKey: `${key}/${first}` };
      const part = await this.#postPart(pipeline, lines, keyed);
      ids.push(...part.ids);
      rejected.push(...part.rejected.map(({ index, error }) => ({ index: first + index, error })));
    }
    return { accepted: ids.length, rejected, ids };
  }

  /** Submits, and waits for the end of the task and of all that it fans out into. CLIENT_TIMEOUT: it goes on without us. */
  async run<Name extends keyof Payloads & string, Result = unknown>(
    pipeline: Name,
    payload: Payloads[Name],
    options: RunOptions = {},
  ): Promise<Ending<Result>> {
    const { timeoutMs = 30_000, ...rest } = options;
    const waitMs = Math.min(timeoutMs, maxWaitMs);
    const answer = await this.#post(pipeline, JSON.stringify(payload), 'application/json', rest, waitMs);
    if (answer.status === 200) return this.#json(answer);
    const { id }: Receipt = await this.#json(answer);
    throw new PenstockRequestError('CLIENT_TIMEOUT', `task ${id} has not ended within ${waitMs} ms`, { status: 202 });
  }

  /** Waits for the end of a task that was submitted, by whomever. CLIENT_TIMEOUT when it has not ended in time. */
  async wait(id: string, { timeoutMs = 30_000, signal }: WaitOptions = {}): Promise<TaskEnd> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      for await (const { name, data } of this.#watch(id, either)) if (name === 'end') return JSON.parse(data);
    } catch (error) {
      signal?.throwIfAborted();
      if (!timeout.aborted) throw error;
    }
    throw new PenstockRequestError('CLIENT_TIMEOUT', `task ${id} has not ended within ${timeoutMs} ms`);
  }

  /** All that happened to a task and happens to it, until it has ended; connects again where the connection breaks. */
  async *events(id: string, { signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<TaskEvent> {
    const told = new Set<string>();
    for await (const { name, data } of this.#watch(id, signal)) {
      if (name !== 'attempt' || told.has(data)) continue;
      told.add(data);
      const event: TaskEvent = JSON.parse(data);
      yield event;
    }
  }

  /** To the `end`; what came before a broken connection comes again after it. */
  async *#watch(id: string, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    for (;;) {
      const path = `/v1/tasks/${encodeURIComponent(id)}/events`;
      const { body } = await this.#connection.request(path, { signal });
      try {
        for await (const event of readServerEvents(body ?? new ReadableStream())) {
          yield event;
          if (event.name === 'end') return;
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TypeError)) throw error;
      }
      await pause(againMs, signal);
    }
  }

  /** undefined: nothing is recorded of it yet. */
  async task(id: string): Promise<TaskDetail | undefined> {
    try {
      return await this.#json(await this.#connection.request(`/v1/tasks/${encodeURIComponent(id)}`));
    } catch (error) {
      if (error instanceof PenstockRequestError && error.code === 'PIPE_TASK_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** Newest submission first, page by page as they are asked for. */
  async *tasks(filter: TaskFilter = {}): AsyncGenerator<TaskSummary> {
    const { since, until, ...names } = filter;
    const query = { ...names, since: since?.toISOString(), until: until?.toISOString() };
    let cursor: string | undefined;
    do {
      const page: { tasks: TaskSummary[]; cursor?: string } = await this.#json(
        await this.#connection.request('/v1/tasks', { query: { ...query, cursor } }),
      );
      yield* page.tasks;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** What the task came to: a blob's bytes, or JSON; status 204 where it gave nothing. `range` is a Range header. */
  result(id: string, options: { readonly range?: string; readonly signal?: AbortSignal } = {}): Promise<Response> {
    const { range, signal } = options;
    const headers = range === undefined ? {} : { range };
    return this.#connection.request(`/v1/tasks/${encodeURIComponent(id)}/result`, { headers, signal });
  }

  /** Queued or running, wherever. `finished`: it had ended already. */
  async cancel(id: string): Promise<'cancelling' | 'finished'> {
    try {
      await this.#connection.request(`/v1/tasks/${encodeURIComponent(id)}`, { method: 'DELETE' });
      return 'cancelling';
    } catch (error) {
      if (error instanceof PenstockRequestError && error.code === 'PIPE_TASK_FINISHED') return 'finished';
      throw error;
    }
  }

  #post(
    pipeline: string,
    body: string,
    contentType: string,
    options: SubmitOptions,
    waitMs?: number,
  ): Promise<Response> {
    const { stage, key, tenant, notBefore, expiresAt, idempotencyKey = crypto.randomUUID(), signal } = options;
    const times = { notBefore: notBefore?.toISOString(), expiresAt: expiresAt?.toISOString() };
    return this.#connection.request(`/v1/pipelines/${encodeURIComponent(pipeline)}/tasks`, {
      ...{ method: 'POST', body, signal, query: { stage, key, tenant, ...times, ...waitOf(waitMs) } },
      headers: { 'content-type': contentType, 'idempotency-key': idempotencyKey },
      ...(waitMs !== undefined && { timeoutMs: waitMs + waitGraceMs }),
    });
  }

  /** A part of which nothing was accepted is an answer too. */
  async #postPart(pipeline: string, lines: string, options: SubmitOptions): Promise<BatchReceipt> {
    try {
      return await this.#json(await this.#post(pipeline, lines, 'application/x-ndjson', options));
    } catch (error) {
      const problem: (Partial<BatchReceipt> & object) | undefined =
        error instanceof PenstockRequestError && error.status < 500 ? error.problem : undefined;
      if (!problem?.rejected || !problem.ids) throw error;
      return { accepted: problem.ids.length, rejected: problem.rejected, ids: problem.ids };
    }
  }

  /** The gateway's answers are what its OpenAPI document says. */
  async #json<Answer>(response: Response): Promise<Answer> {
    return (await response.json()) as Answer;
  }
}

const waitOf = (waitMs: number | undefined) => (waitMs === undefined ? {} : { wait: `${Math.round(waitMs)}ms` });
