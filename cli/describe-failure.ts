import { messageOf, PenstockError } from '../schemas/errors.ts';

/** What a user reads on stderr when a command fails: code, message, remedy; a stack only when asked for. */
export function describeFailure(thrown: unknown, options: { withStack: boolean }): string {
  const lines = thrown instanceof PenstockError ? describeKnown(thrown) : describeUnknown(thrown);
  if (options.withStack && thrown instanceof Error && thrown.stack) lines.push(thrown.stack);
  return `${lines.join('\n')}\n`;
}

function describeKnown(error: PenstockError): string[] {
  return [`error ${error.code}: ${error.message}`, `  → ${error.remedy}`];
}

function describeUnknown(thrown: unknown): string[] {
  return [
    `error: ${messageOf(thrown)}`,
    '  → Unexpected. Run again with PENSTOCK_LOG_LEVEL=debug for the stack, and report it with that.',
  ];
}
