import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { PenstockError } from '../../schemas/errors.ts';

/** ClickHouse codes of states that pass: too many queries or parts, memory, network, quorum, read-only replica, shutdown. */
const passing = new Set([
  '202',
  '209',
  '210',
  '236',
  '241',
  '242',
  '243',
  '252',
  '279',
  '285',
  '286',
  '319',
  '394',
  '999',
]);
/** Unknown user, wrong password, access denied. */
const access = new Set(['192', '193', '194', '497', '516']);

/** An answer that says no. `host` is all that a failure may say of the address: a URL can hold a password. */
export function refusalOf(answer: { readonly code: string; readonly message: string }, host: string): PenstockError {
  const context = { host, clickhouseCode: Number(answer.code) };
  return new PenstockError(codeOf(answer.code), `ClickHouse: ${firstLine(answer.message)}`, { context });
}

function codeOf(code: string): ErrorCode {
  if (passing.has(code)) return 'PIPE_CLICKHOUSE_UNAVAILABLE';
  return access.has(code) ? 'PIPE_CLICKHOUSE_ACCESS' : 'PIPE_CLICKHOUSE_QUERY';
}

const firstLine = (message: string): string => message.split('\n', 1)[0]?.trim().slice(0, 1000) ?? '';

/** No answer, or half of one. Whether the statement ran is unknown. */
export function silenceOf(error: unknown, host: string): PenstockError {
  const reason = reasonOf(error);
  return new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', `ClickHouse at ${host} did not answer (${reason})`, {
    context: { host, reason },
  });
}

/** A code such as ECONNREFUSED; the client's own texts may repeat the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (/timeout/i.test(error.message)) return 'timeout';
  return /socket hang up/i.test(error.message) ? 'socket hang up' : error.name;
}
