import type { Problem } from './types.ts';

/** What the gateway refused, or why it could not be asked. */
export class PenstockRequestError extends Error {
  override readonly name = 'PenstockRequestError';
  /** Of docs/errors.md; `CLIENT_UNREACHABLE` where no answer came, `CLIENT_TIMEOUT` where the task has not ended in time. */
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;
  /** The whole answer, where it was one of the gateway's. */
  readonly problem: Problem | undefined;

  constructor(code: string, message: string, options: { status?: number; problem?: Problem; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? 0;
    this.problem = options.problem;
  }
}

export async function errorOf(response: Response): Promise<PenstockRequestError> {
  const { status } = response;
  const text = await response.text();
  const problem = readProblem(text);
  const { code = 'CLIENT_REFUSED', detail = text.slice(0, 200) } = problem ?? {};
  return new PenstockRequestError(code, `${status}: ${detail}`, { status, ...(problem && { problem }) });
}

function readProblem(text: string): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isProblem(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
