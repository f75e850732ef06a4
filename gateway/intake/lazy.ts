/** Something opened at first use. */
export interface Lazy<T> {
  get(): Promise<T>;
  /** Ends it where it was opened. One that is only being opened is ended later, without anybody waiting for it. */
  close(end: (opened: T) => Promise<void>): Promise<void>;
}

/**
 * Made at first use, shared afterwards, made anew after a failure: so that a gateway starts, and says what is missing,
 * while Kafka or the registry is away.
 */
export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let making: Promise<T> | undefined;
  let isMade = false;
  return {
    get() {
      if (making) return making;
      const attempt = make();
      making = attempt;
      attempt.then(
        () => {
          isMade = true;
        },
        () => {
          if (making === attempt) making = undefined;
        },
      );
      return attempt;
    },
    async close(end) {
      const ended = making?.then(end);
      if (isMade) await ended;
      else ended?.catch(() => undefined);
    },
  };
}
