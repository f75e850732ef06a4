import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';

type Fact = string | number | boolean;

/** What is left of a thrown value between processes: plain data, whatever it was. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Own fields of the error that are plain: code, afterMs, syscall, path. */
  readonly facts: Readonly<Record<string, Fact>>;
  /** Of a PenstockError. */
  readonly context: Readonly<Record<string, Fact>>;
}

const maxTextLength = 10_000;
const maxFacts = 32;

/** Never throws, though getters may. */
export function describeThrown(thrown: unknown): Thrown {
  try {
    const message = String(messageOf(thrown)).slice(0, maxTextLength);
    if (!(thrown instanceof Error)) return { ...nothingKnown, message };
    const context = 'context' in thrown ? factsOf(thrown.context) : {};
    const stack = typeof thrown.stack === 'string' ? thrown.stack.slice(0, maxTextLength) : undefined;
    return { name: String(thrown.name), message, stack, facts: factsOf(thrown), context };
  } catch {
    return nothingKnown;
  }
}

const nothingKnown: Thrown = {
  name: 'Error',
  message: 'the message of the thrown value could not be read',
  stack: undefined,
  facts: {},
  context: {},
};

function factsOf(value: unknown): Record<string, Fact> {
  if (typeof value !== 'object' || value === null) return {};
  const plain = Object.entries(value).filter(([name, each]) => isFact(each) && !textFields.has(name));
  return Object.fromEntries(plain.slice(0, maxFacts));
}

const textFields = new Set(['name', 'message', 'stack']);

function isFact(value: unknown): value is Fact {
  return typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string';
}

/** An error that is judged as the original would be: a PenstockError again, or one with its name, code and path. */
export function rebuildThrown({ name, message, stack, facts, context }: Thrown): Error {
  const { code, afterMs } = facts;
  if (name === 'PenstockError' && isErrorCode(code)) {
    const wait = typeof afterMs === 'number' ? { afterMs } : {};
    return withStack(new PenstockError(code, message, { context, ...wait }), stack);
  }
  const error = Object.assign(new Error(message), facts);
  error.name = name;
  return withStack(error, stack);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

function withStack(error: Error, stack: string | undefined): Error {
  if (stack !== undefined) error.stack = stack;
  return error;
}
