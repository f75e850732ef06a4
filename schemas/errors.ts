import { type ErrorCode, errorCatalogue } from './error-catalogue.ts';

export interface FailureOptions {
  /** Facts that help to find the place: topic, offset, url, limit. Never a payload, never a secret. */
  readonly context?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
  /** Milliseconds to wait before the next attempt; only read where the code is retryable. */
  readonly afterMs?: number;
}

/** The same in every copy of the package that a process has loaded. */
const brand = Symbol.for('penstock.error');

/**
 * The one error of Penstock. `code` is stable and documented in docs/errors.md; whether trying again can help is a
 * property of the code, so that no call site decides it anew.
 */
export class PenstockError extends Error {
  override readonly name = 'PenstockError';
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, string | number | boolean>>;
  readonly afterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
    this.afterMs = options.afterMs;
  }

  /**
   * By brand: a user's module may throw errors of its own copy of the package, and reject() must not become a retry.
   * So `instanceof` does not tell subclasses apart.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }

  get remedy(): string {
    return errorCatalogue[this.code].remedy;
  }
}

/** Text of whatever was thrown; handlers throw strings, undefined and objects too. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name;
  return typeof thrown === 'string' ? thrown : `a value that is no Error was thrown (${typeof thrown})`;
}
