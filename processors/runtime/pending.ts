/** What throws when it is looked at is judged as an output, and refused. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
  } catch {
    return false;
  }
}

/** Promise.resolve() reads `constructor` of a promise, which may throw at once. */
export function promiseOf(pending: unknown): Promise<unknown> {
  try {
    return Promise.resolve(pending);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}
