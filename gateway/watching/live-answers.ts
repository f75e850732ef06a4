import { type LiveAnswersOptions, type LiveListener, WatchedAnswer } from './watched-answer.ts';

interface Rate {
  readonly timer: NodeJS.Timeout;
  /** By scope and path. */
  readonly watches: Map<string, WatchedAnswer>;
}

/**
 * Asks for what is watched at its pace and tells who watches it. All of one scope share one question and the bytes of its
 * answer, and all questions of one pace go out together, so a hundred pages cost what one does; without a listener there
 * is no timer.
 */
export class LiveAnswers {
  readonly #options: LiveAnswersOptions;
  readonly #rates = new Map<number, Rate>();

  constructor(options: LiveAnswersOptions) {
    this.#options = options;
  }

  /** From the next turn on, until its stream closes. */
  listen(listener: LiveListener, paths: readonly string[], everyMs: number): void {
    const scope = this.#options.scopeOf(listener.headers);
    if (scope === undefined) {
      listener.events.finish();
      return;
    }
    const rate = this.#rateOf(everyMs);
    const joined = new Set(paths.map((path) => this.#watchOf(rate, scope, path)));
    for (const watch of joined) watch.join(listener);
    listener.events.once('close', () => {
      for (const watch of joined) {
        watch.leave(listener);
        if (watch.isAlone) rate.watches.delete(watch.key);
      }
      if (rate.watches.size > 0) return;
      clearInterval(rate.timer);
      this.#rates.delete(everyMs);
    });
  }

  #rateOf(everyMs: number): Rate {
    const known = this.#rates.get(everyMs);
    if (known) return known;
    const watches = new Map<string, WatchedAnswer>();
    const turn = (): void => {
      for (const watch of watches.values()) watch.turn().catch(this.#options.onFailure);
    };
    const rate = { timer: setInterval(turn, everyMs), watches };
    this.#rates.set(everyMs, rate);
    return rate;
  }

  #watchOf({ watches }: Rate, scope: string, path: string): WatchedAnswer {
    const key = `${scope} ${path}`;
    const watch = watches.get(key) ?? new WatchedAnswer(key, scope, path, this.#options);
    watches.set(key, watch);
    return watch;
  }
}
