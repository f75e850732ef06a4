import type { IncomingHttpHeaders } from 'node:http';
import { type Static, Type } from 'typebox';
import { isPrintable, isTraceparent } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { Target } from '../catalogue.ts';
import { definedFields } from '../defined-fields.ts';
import type { Submission } from '../intake/submission.ts';

export const submitParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });

const time = (description: string) =>
  Type.String({ description: `${description}; epoch ms or ISO 8601`, maxLength: 40 });

export const submitQuery = Type.Object(
  {
    stage: Type.Optional(Type.String({ description: 'Stage to start at; default: the first', maxLength: 100 })),
    key: Type.Optional(
      Type.String({ description: 'Ordering key; default: the task id', minLength: 1, maxLength: 1024 }),
    ),
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    notBefore: Type.Optional(time('Not to run before')),
    expiresAt: Type.Optional(time('Not to run after')),
  },
  { additionalProperties: false },
);

const idempotencyKey = /^[ -~]{1,255}$/;

/** What the URL and the headers say of the tasks. Throws PIPE_GATEWAY_REQUEST_INVALID. */
export function readSubmission(
  target: Target,
  query: { readonly [K in keyof Static<typeof submitQuery>]: Static<typeof submitQuery>[K] | undefined },
  headers: IncomingHttpHeaders,
): Submission {
  const notBefore = readTime('notBefore', query.notBefore);
  const expiresAt = readTime('expiresAt', query.expiresAt);
  if (notBefore !== undefined && expiresAt !== undefined && expiresAt <= notBefore) {
    throw invalid('expiresAt must be after notBefore');
  }
  if (query.tenant !== undefined && !isPrintable(query.tenant)) throw invalid('tenant must be printable');
  const key = readIdempotencyKey(headers['idempotency-key']);
  const { traceparent: trace } = headers;
  return {
    target,
    options: definedFields({
      source: 'http',
      key: query.key,
      tenant: query.tenant,
      notBefore,
      expiresAt,
      trace: typeof trace === 'string' && isTraceparent(trace) ? trace : undefined,
    }),
    ...(key !== undefined && { idempotencyKey: key }),
  };
}

export function readTime(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(new Date(ms).getTime())) return ms;
  throw invalid(`${name} must be epoch milliseconds or an ISO 8601 time`);
}

function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && idempotencyKey.test(header)) return header;
  throw invalid('Idempotency-Key must be one value of 1 to 255 printable ASCII characters');
}

const invalid = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', message);
