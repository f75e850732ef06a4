import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { messageOf } from '../../../schemas/errors.ts';
import { codeOf, statusOf } from './fault.ts';
import type { EngineResult } from './lane.ts';
import type { QueryAnswer } from './run-request.ts';

const gzipAsync = promisify(gzip);

const contentTypes: readonly (readonly [RegExp, string])[] = [
  [/^JSON(?:Compact)?(?:Strings)?EachRow|^(?:Pretty)?(?:JSONLines|NDJSON)/i, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/i, 'application/json; charset=UTF-8'],
  [/^CSV/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^(?:TabSeparated|TSV)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^(?:Pretty|Vertical|Markdown|XML|SQLInsert|Values|Template|CustomSeparated)/i, 'text/plain; charset=UTF-8'],
];

const contentTypeOf = (format: string): string =>
  contentTypes.find(([pattern]) => pattern.test(format))?.[1] ?? 'application/octet-stream';

/** Same keys as clickhouse-server; counts are strings. */
function summaryOf(result: EngineResult): string {
  return JSON.stringify({
    read_rows: String(result.readRows),
    read_bytes: String(result.readBytes),
    written_rows: String(result.writtenRows),
    written_bytes: String(result.writtenBytes),
    total_rows_to_read: '0',
    result_rows: String(result.readRows),
    result_bytes: String(result.bytes.length),
    elapsed_ns: String(Math.max(0, Math.round(result.elapsedMs * 1e6))),
  });
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URLSearchParams;
  readonly queryId: string;
}

export async function sendAnswer({ request, response, url, queryId }: Exchange, answer: QueryAnswer): Promise<void> {
  const isCompressed = url.get('enable_http_compression') === '1' && acceptsGzip(request);
  const body = isCompressed ? await gzipAsync(answer.bytes) : answer.bytes;
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
  response
    .writeHead(200, {
      'Content-Type': contentTypeOf(answer.format),
      'Content-Length': body.length,
      'X-ClickHouse-Format': answer.format,
      'X-ClickHouse-Query-Id': queryId,
      'X-ClickHouse-Summary': summaryOf(answer),
      'X-ClickHouse-Timezone': 'UTC',
    })
    .end(body);
}

const acceptsGzip = (request: IncomingMessage): boolean =>
  String(request.headers['accept-encoding'] ?? '').includes('gzip');

export function sendFailure({ request, response, queryId }: Omit<Exchange, 'url'>, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const text = messageOf(thrown);
  const code = codeOf(text);
  // An unread rest of the body would be taken for the next request.
  const isUnread = !request.complete;
  response
    .writeHead(statusOf(code), {
      'Content-Type': 'text/plain; charset=UTF-8',
      'X-ClickHouse-Exception-Code': code,
      'X-ClickHouse-Query-Id': queryId,
      ...(isUnread ? { Connection: 'close' } : {}),
    })
    .end(`${text}\n`);
}
