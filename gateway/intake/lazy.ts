/** Something opened at first use. */
export interface Lazy<T> {
  get(): Promise<T>;
  /** What is there already, so that nobody waits a turn for it. */
  readonly made: { readonly value: T } | undefined;
  /** Ends it where it was opened. One that is only being opened is ended later, without anybody waiting for it. */
  close(end: (opened: T) => Promise<void>): Promise<void>;
}

/**
 * Made at first use, shared afterwards, made anew after a failure: so that a gateway starts, and says what is missing,
 * while Kafka or the registry is away.
 */
export function lazy<T>(make: () => Promise<T>): Lazy<T> {
  let making: Promise<T> | undefined;
  let made: { readonly value: T } | undefined;
  return {
    get() {
      if (making) return making;
      const attempt = make();
      making = attempt;
      attempt.then(
        (value) => {
          made = { value };
        },
        () => {
          if (making === attempt) making = undefined;
        },
      );
      return attempt;
    },
    get made() {
      return made;
    },
    async close(end) {
      const ended = making?.then(end);
      if (made) await ended;
      else ended?.catch(() => undefined);
    },
  };
}
