export interface Deadline {
  readonly signal: AbortSignal;
  /** Clears the timer; to be called when the work has ended. */
  clear(): void;
}

/** Aborts when the outer signal does, with its reason, or after timeoutMs, with the error made by `late`. */
export function deadline(outer: AbortSignal, timeoutMs: number, late: () => Error): Deadline {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer.reason);
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(() => controller.abort(late()), timeoutMs);
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', follow);
    },
  };
}
