import { ClickHouseFault } from './fault.ts';
import { quote } from './parameters.ts';
import type { SettingsSpot } from './statement.ts';

/** URL parameters that are no settings of the engine. */
const notSettings = new Set([
  ...['query', 'query_id', 'database', 'default_format', 'user', 'password', 'quota_key', 'role', 'stacktrace'],
  ...['session_id', 'session_timeout', 'session_check', 'client_protocol_version', 'buffer_size', 'compress'],
  ...['decompress', 'readonly', 'close_session', 'default_quota', 'param_'],
  ...['wait_end_of_query', 'send_progress_in_http_headers', 'http_response_buffer_size', 'enable_http_compression'],
  ...['http_headers_progress_interval_ms', 'http_send_progress_interval_ms', 'http_zlib_compression_level'],
  ...['http_response_compression_method', 'http_native_compression_disable_checksumming_on_decompress'],
  ...['http_write_exception_in_output_format', 'cancel_http_readonly_queries_on_client_close'],
]);

/** Settings of a request by name, those of the HTTP layer left out. Throws UNKNOWN_SETTING as the server does. */
export function readSettings(url: URLSearchParams, known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const [name, value] of url) {
    if (notSettings.has(name) || name.startsWith('param_')) continue;
    if (!known.has(name)) {
      throw new ClickHouseFault(115, 'UNKNOWN_SETTING', `Setting ${name.slice(0, 100)} is neither a builtin setting`);
    }
    settings.set(name, value);
  }
  return settings;
}

/** Text to insert at the spot; empty where the statement sets all of them itself. */
export function settingsClause(spot: SettingsSpot, settings: ReadonlyMap<string, string>): string {
  const added = [...settings].filter(([name]) => !spot.own.has(name));
  if (added.length === 0) return '';
  const list = added.map(([name, value]) => `${name} = ${quote(value)}`).join(', ');
  return spot.continues ? `, ${list}` : `\nSETTINGS ${list}`;
}

export function insertAt(sql: string, spot: SettingsSpot, settings: ReadonlyMap<string, string>): string {
  const clause = settingsClause(spot, settings);
  return clause === '' ? sql : `${sql.slice(0, spot.at)}${clause}\n${sql.slice(spot.at)}`;
}
