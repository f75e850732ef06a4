import type { IncomingHttpHeaders } from 'node:http';
import { type Static, Type } from 'typebox';
import { isPrintable, isTraceparent } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import type { Target } from '../catalogue.ts';
import { definedFields } from '../defined-fields.ts';
import { type Identity, tenantFor } from '../identity/identity.ts';
import type { Submission } from '../intake/submission.ts';
import { waitQuery } from './submit-wait.ts';

export const submitParams = Type.Object({ pipeline: Type.String({ maxLength: 100, examples: ['assets'] }) });

/** Epoch ms, or ISO 8601 with a time; within what ClickHouse’s times reach. */
const timePattern =
  '^(\\d{1,12}|[1-3]\\d{12}|(197[1-9]|19[89]\\d|20\\d\\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)?)$';

export const timeParameter = (description: string) =>
  Type.String({ description: `${description}; epoch ms or ISO 8601`, pattern: timePattern });

export const submitQuery = Type.Object(
  {
    stage: Type.Optional(Type.String({ description: 'Stage to start at; default: the first', maxLength: 100 })),
    key: Type.Optional(
      Type.String({ description: 'Ordering key; default: the task id', minLength: 1, maxLength: 1024 }),
    ),
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    notBefore: Type.Optional(timeParameter('Not to run before')),
    expiresAt: Type.Optional(timeParameter('Not to run after')),
    wait: waitQuery,
  },
  { additionalProperties: false },
);

const idempotencyKey = /^[ -~]{1,255}$/;

/** What URL, headers and token say of the tasks. Throws PIPE_GATEWAY_REQUEST_INVALID, PIPE_GATEWAY_FORBIDDEN. */
export function readSubmission(
  target: Target,
  query: Static<typeof submitQuery>,
  headers: IncomingHttpHeaders,
  identity: Identity,
): Submission {
  const tenant = tenantFor(identity, query.tenant);
  const notBefore = readTime(query.notBefore);
  const expiresAt = readTime(query.expiresAt);
  if (notBefore !== undefined && expiresAt !== undefined && expiresAt <= notBefore) {
    throw invalid('expiresAt must be after notBefore');
  }
  if (tenant !== undefined && !isPrintable(tenant)) throw invalid('tenant must be printable');
  const key = readIdempotencyKey(headers['idempotency-key']);
  const { traceparent: trace } = headers;
  return {
    target,
    options: definedFields({
      source: 'http',
      key: query.key,
      tenant,
      notBefore,
      expiresAt,
      watched: query.wait === undefined ? undefined : (true as const),
      trace: typeof trace === 'string' && isTraceparent(trace) ? trace : undefined,
    }),
    ownsIds: identity.tenant === undefined,
    ...(key !== undefined && { idempotencyKey: key }),
  };
}

/** Of a time that fits the pattern. */
export function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}

function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && idempotencyKey.test(header)) return header;
  throw invalid('Idempotency-Key must be one value of 1 to 255 printable ASCII characters');
}

const invalid = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', message);
