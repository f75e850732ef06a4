/**
 * Made at first use, shared afterwards, made anew after a failure: so that a gateway starts, and says what is missing,
 * while Kafka or the registry is away.
 */
export function lazy<T>(make: () => Promise<T>): { get(): Promise<T>; peek(): Promise<T> | undefined } {
  let made: Promise<T> | undefined;
  return {
    get() {
      if (made) return made;
      const attempt = make();
      made = attempt;
      attempt.catch(() => {
        if (made === attempt) made = undefined;
      });
      return attempt;
    },
    peek: () => made,
  };
}
