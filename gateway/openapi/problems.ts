import { Type } from 'typebox';
import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { statusOf } from '../plugins/problem.ts';

/** RFC 9457, as `plugins/problem.ts` writes it. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ description: 'Stable: urn:penstock:error: and the code' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people' }),
    code: Type.String({ description: 'Stable; see docs/errors.md', pattern: '^PIPE_[A-Z_]+$' }),
    remedy: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ pointer: Type.String({ description: 'JSON pointer into the payload' }), detail: Type.String() }),
      ),
    ),
  },
  { description: 'RFC 9457 problem document' },
);

/** One response for each status that these failures have. */
export function problemResponses(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  return Object.fromEntries([...byStatus].map(([status, grouped]) => [status, responseOf(grouped)]));
}

function responseOf(codes: readonly ErrorCode[]) {
  const description = codes.map((code) => `\`${code}\`: ${errorCatalogue[code].cause}`).join('\n\n');
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}
