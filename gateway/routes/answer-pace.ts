/**
 * Node accepts one new connection a turn of its event loop. Kafka acknowledges up to a thousand tasks at once; were they
 * answered in one turn, and their callers' next requests read in the next, new callers would wait for seconds.
 */
const answersPerTurn = 16;

/** While connections come in, lets so many answers out a turn, in the order they came; else all at once. */
export class AnswerPace {
  readonly #waiting: (() => void)[] = [];
  #leftOfTurn = answersPerTurn;
  #isArmed = false;
  #isConnecting = false;

  /** A connection was accepted: more may wait behind it. A turn without one says that none does. */
  connected(): void {
    this.#isConnecting = true;
  }

  /** undefined: go on at once. */
  wait(): Promise<void> | undefined {
    this.#arm();
    if (this.#leftOfTurn > 0) {
      this.#leftOfTurn -= 1;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#isArmed = false;
    const most = this.#isConnecting ? answersPerTurn : Number.POSITIVE_INFINITY;
    this.#isConnecting = false;
    const next = this.#waiting.splice(0, most);
    this.#leftOfTurn = most - next.length;
    if (next.length > 0) this.#arm();
    for (const resume of next) resume();
  }
}
