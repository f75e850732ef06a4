import type { Fault } from '../check/evidence.ts';

type Begun = Pick<Fault, 'kind' | 'target' | 'breaksMembers'>;

/** What was done to whom, and when. Times are taken before a fault and after its end. */
export class FaultLog {
  readonly #faults: { -readonly [K in keyof Fault]: Fault[K] }[] = [];
  readonly #onFault: (line: string) => void;

  constructor(onFault: (line: string) => void) {
    this.#onFault = onFault;
  }

  get all(): readonly Fault[] {
    return this.#faults;
  }

  /** Nothing of it is to be undone. */
  note(begun: Begun): void {
    this.begin(begun)();
  }

  /** The answer tells that it is undone. */
  begin(begun: Begun): () => void {
    const atMs = Date.now();
    const fault = { ...begun, atMs, healedMs: Number.POSITIVE_INFINITY };
    this.#faults.push(fault);
    this.#onFault(`${begun.kind} ${begun.target}`);
    return () => {
      fault.healedMs = Date.now();
    };
  }

  async during(begun: Begun, act: () => Promise<void>): Promise<void> {
    const healed = this.begin(begun);
    await act();
    healed();
  }
}
