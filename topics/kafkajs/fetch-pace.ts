type Fetch = (this: object, request: unknown) => Promise<unknown>;

/**
 * From one fetch to the next from the same broker. A consumer that keeps up is answered for every single record and asks
 * again at once: at 500 records a second, requests are most of what broker and worker do. A record after a silence waits
 * for nothing, since its fetch was sent long before; a response that took longer to fill or to handle is not held up.
 */
export const fetchSpacingMs = 5;
/** Timers have whole milliseconds. */
const leastWaitMs = 0.5;

/** The same fetch, never sooner after the one before; each client of a broker is spaced on its own. */
export function spaceFetches(fetch: Fetch, spacingMs: number = fetchSpacingMs): Fetch {
  const sentAt = new WeakMap<object, number>();
  return async function (request) {
    const waitMs = (sentAt.get(this) ?? Number.NEGATIVE_INFINITY) + spacingMs - performance.now();
    if (waitMs >= leastWaitMs) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)));
    sentAt.set(this, performance.now());
    return await fetch.call(this, request);
  };
}
