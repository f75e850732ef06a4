import { PenstockError } from '../../schemas/errors.ts';

const unavailable = (): PenstockError =>
  new PenstockError('PIPE_BROKER_UNAVAILABLE', 'a fault that the test asked for');

/** A gate that holds callers back while it is shut. */
class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => undefined;

  shut(): () => void {
    if (!this.#opened) {
      this.#opened = new Promise((resolve) => {
        this.#open = resolve;
      });
    }
    return () => {
      this.#opened = undefined;
      this.#open();
    };
  }

  passed(): Promise<void> | undefined {
    return this.#opened;
  }
}

type SendFault = { readonly kind: 'before' | 'after'; readonly error: Error; readonly topic: string | undefined };

/** What can go wrong on demand. Faults are used up one by one, in the order in which they were asked for. */
export class MemoryFaults {
  readonly #sends: SendFault[] = [];
  readonly #commits: Error[] = [];
  readonly #acks = new Gate();
  readonly #commitAnswers = new Gate();

  /** The next send, or the next one with a record for that topic, is refused; nothing is written. */
  failNextSend(options: { error?: Error; topic?: string } = {}): void {
    this.#sends.push({ kind: 'before', error: options.error ?? unavailable(), topic: options.topic });
  }

  /** The next send is written, but its answer is lost. */
  loseNextAnswer(options: { error?: Error; topic?: string } = {}): void {
    this.#sends.push({ kind: 'after', error: options.error ?? unavailable(), topic: options.topic });
  }

  /** Records are written and visible, their sends stay open until the answer is called. */
  holdAcks(): () => void {
    return this.#acks.shut();
  }

  failNextCommit(error: Error = unavailable()): void {
    this.#commits.push(error);
  }

  /** Commits count at once, their promises stay open until the answer is called. */
  holdCommits(): () => void {
    return this.#commitAnswers.shut();
  }

  takeSendFault(topics: ReadonlySet<string>): SendFault | undefined {
    const at = this.#sends.findIndex(({ topic }) => topic === undefined || topics.has(topic));
    return at < 0 ? undefined : this.#sends.splice(at, 1)[0];
  }

  acksHeld(): Promise<void> | undefined {
    return this.#acks.passed();
  }

  beforeCommit(): void {
    const error = this.#commits.shift();
    if (error) throw error;
  }

  commitHeld(): Promise<void> | undefined {
    return this.#commitAnswers.passed();
  }
}
