import { type Line, linesOf } from '../../gateway/intake/ndjson.ts';
import { PenstockError } from '../../schemas/errors.ts';

const limits = { maxLineBytes: 1_000_000, maxLines: 500, maxChunkBytes: 512 * 1024 };

export type TaskInput =
  | { readonly kind: 'one'; readonly json: Buffer }
  | { readonly kind: 'stream'; readonly lines: AsyncIterable<Line[]> };

/** The argument is one task; `-`, or no argument and something piped in, is NDJSON. Throws PIPE_CLI_USAGE. */
export function readInput(argument: string | undefined, stdin: NodeJS.ReadStream): TaskInput {
  if (argument !== undefined && argument !== '-') return { kind: 'one', json: Buffer.from(argument) };
  if (argument === undefined && stdin.isTTY) {
    throw new PenstockError('PIPE_CLI_USAGE', 'give the task as JSON, or pipe one task a line into the command');
  }
  return { kind: 'stream', lines: linesOf(stdin, limits) };
}
