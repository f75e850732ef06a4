export interface FetchRequest {
  readonly maxWaitTime: number;
}

export interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly unknown[] }[] }[];
}

export type Fetch<Request extends FetchRequest = FetchRequest, Response extends FetchResponse = FetchResponse> = (
  this: object,
  request: Request,
) => Promise<Response>;

/**
 * From one fetch to the next from the same broker. A consumer that keeps up is answered for every single record and asks
 * again at once: at 500 records a second, requests are most of what broker and worker do. A record after a silence waits
 * for nothing, since its fetch was sent long before; a response that took longer to fill or to handle is not held up.
 */
export const fetchSpacingMs = 8;
/** Timers have whole milliseconds. */
const leastWaitMs = 0.5;

/** Without a record for so long a consumer counts as idle. */
export const idleAfterMs = 10_000;
/**
 * An idle consumer lets the broker wait this long for a record; one that comes is answered at once all the same. Its
 * heartbeats come between the fetches: 3 s is how often those of Kafka's own client come (heartbeat.interval.ms).
 */
export const idleWaitMs = 3_000;

interface Pace {
  sentAt: number;
  recordAt: number;
}

/** The same fetch, never sooner after the one before, and seldom when there is nothing; each client of a broker on its own. */
export function spaceFetches<Request extends FetchRequest, Response extends FetchResponse>(
  fetch: Fetch<Request, Response>,
): Fetch<Request, Response> {
  const paces = new WeakMap<object, Pace>();
  return async function (request) {
    const pace = paces.get(this) ?? { sentAt: Number.NEGATIVE_INFINITY, recordAt: performance.now() };
    paces.set(this, pace);
    const waitMs = pace.sentAt + fetchSpacingMs - performance.now();
    if (waitMs >= leastWaitMs) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
    pace.sentAt = performance.now();
    const isIdle = pace.sentAt - pace.recordAt >= idleAfterMs;
    const response = await fetch.call(this, isIdle ? { ...request, maxWaitTime: idleWaitMs } : request);
    if (hasRecords(response)) pace.recordAt = performance.now();
    return response;
  };
}

const hasRecords = ({ responses }: FetchResponse): boolean =>
  responses.some(({ partitions }) => partitions.some(({ messages }) => messages.length > 0));
