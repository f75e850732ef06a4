import { createHash } from 'node:crypto';
import { PenstockError } from '../../schemas/errors.ts';

/**
 * What was done for the last keys: the body's hash and the outcome, which may still be under way, so that a hundred
 * equal requests at once are one task. Only this process remembers, and only the last `maxKeys`; beyond that the
 * deterministic task id still makes a repeat harmless to the stages, but a changed body is no longer noticed.
 */
export class IdempotencyMemory<Outcome> {
  private readonly known = new Map<string, { hash: string; outcome: Promise<Outcome> }>();
  private readonly maxKeys: number;

  constructor(maxKeys: number) {
    this.maxKeys = maxKeys;
  }

  /** The earlier outcome for this key, or that of `run`. Throws PIPE_GATEWAY_IDEMPOTENCY_CONFLICT. */
  once(key: string, body: Buffer, run: () => Promise<Outcome>): { outcome: Promise<Outcome>; isFirst: boolean } {
    const hash = createHash('sha256').update(body).digest('base64');
    const earlier = this.known.get(key);
    if (!earlier) return { outcome: this.remember(key, hash, run()), isFirst: true };
    if (earlier.hash === hash) return { outcome: earlier.outcome, isFirst: false };
    throw new PenstockError(
      'PIPE_GATEWAY_IDEMPOTENCY_CONFLICT',
      'this Idempotency-Key was used before with another body',
    );
  }

  private remember(key: string, hash: string, outcome: Promise<Outcome>): Promise<Outcome> {
    this.known.set(key, { hash, outcome });
    outcome.catch(() => {
      if (this.known.get(key)?.outcome === outcome) this.known.delete(key);
    });
    if (this.known.size > this.maxKeys) {
      const oldest = this.known.keys().next();
      if (!oldest.done) this.known.delete(oldest.value);
    }
    return outcome;
  }
}
