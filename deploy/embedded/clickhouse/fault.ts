/** A failure with ClickHouse's own code, name and text: what a client of the HTTP interface expects to read. */
export class ClickHouseFault extends Error {
  override readonly name = 'ClickHouseFault';
  readonly code: number;

  constructor(code: number, faultName: string, detail: string) {
    super(`Code: ${code}. DB::Exception: ${detail} (${faultName})`);
    this.code = code;
  }
}

export const syntaxFault = (detail: string): ClickHouseFault => new ClickHouseFault(62, 'SYNTAX_ERROR', detail);
export const readOnlyFault = (detail: string): ClickHouseFault => new ClickHouseFault(164, 'READONLY', detail);
export const deniedFault = (detail: string): ClickHouseFault => new ClickHouseFault(497, 'ACCESS_DENIED', detail);
export const notImplementedFault = (detail: string): ClickHouseFault =>
  new ClickHouseFault(48, 'NOT_IMPLEMENTED', detail);

const badRequest = new Set([6, 25, 26, 27, 33, 38, 41, 43, 53, 62, 70, 72, 117, 128, 130, 131, 306, 386, 456, 457]);
const notFound = new Set([46, 47, 50, 56, 60, 63, 73, 81, 115, 336, 511]);

/** HTTP status that clickhouse-server gives for the code. */
export function statusOf(code: number): number {
  if (badRequest.has(code)) return 400;
  if (notFound.has(code)) return 404;
  if (code === 48) return 501;
  if (code === 202) return 503;
  if (code === 241) return 500;
  if (code === 159) return 408;
  if (code === 307) return 413;
  return 500;
}

/** Code of an engine error from its text; 1002 (UNKNOWN_EXCEPTION) where it carries none. */
export function codeOf(message: string): number {
  const found = /Code: (\d+)\./.exec(message);
  return found?.[1] === undefined ? 1002 : Number(found[1]);
}
