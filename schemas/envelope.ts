import { placeId } from './task-id.ts';

/**
 * What Penstock knows of a task beside its payload: the JSON of the one header `penstock`. Times are epoch
 * milliseconds. A field that has its default is left out on the wire: every header byte is paid at every hop.
 */
export interface Envelope {
  /** Any printable string of 1 to 256 characters, kept as it came. */
  readonly id: string;
  /** Who submitted it: a CloudEvents source, a host, a service name. */
  readonly source?: string;
  /** Submitted at. */
  readonly at?: number;
  /** Which attempt this record asks for; default 1. */
  readonly attempt?: number;
  readonly notBefore?: number;
  /** When its first attempt failed; only while it waits for another. */
  readonly failedAt?: number;
  /** How often its stage put it back into the queue; only while it waits there. */
  readonly requeued?: number;
  readonly expiresAt?: number;
  /** Id of the task that fanned out into this one. */
  readonly parent?: string;
  /** Id of its first ancestor; left out where that is the parent. */
  readonly root?: string;
  /** Somebody waits for its end, which is to be told on the done topic. */
  readonly watched?: true;
  readonly tenant?: string;
  /** W3C traceparent. */
  readonly trace?: string;
  readonly replay?: string;
}

/** Name of the header that carries the envelope. */
export const envelopeHeader = 'penstock';
/** On a dead letter only: why it is one, as the JSON of schemas/avro/dead-letter.avsc. */
export const deadLetterHeader = 'penstock-dead';

type HeaderValue = Buffer | string | (Buffer | string)[] | undefined;
export type EnvelopeHeaders = Readonly<Record<string, HeaderValue>>;

/** Far above what writeEnvelope makes (eleven fields of at most 256 characters). */
const maxEnvelopeBytes = 16_384;
const maxTextLength = 256;
const maxTimeMs = 8_640_000_000_000_000;
const maxAttempt = 1_000_000;
const plainAscii = /^[ -~]+$/;
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/**
 * Reads the header `penstock`, else CloudEvents' `ce_id`, `ce_source`, `ce_time` and `traceparent`, field by field;
 * with no usable id in either, the id is made from the place. A field of the wrong type, too long or unprintable counts
 * as absent. Never throws: headers come from anybody.
 */
export function readEnvelope(
  headers: EnvelopeHeaders,
  place: { readonly topic: string; readonly partition: number; readonly offset: number },
  timestampMs: number,
): Envelope {
  const own = readOwn(headers[envelopeHeader]);
  const id = printable(own?.id) ?? textOf(headers.ce_id) ?? placeId(place.topic, place.partition, place.offset);
  const at = time(own?.at) ?? timeOf(headers.ce_time) ?? time(timestampMs);
  const trace = traceOf(own?.trace) ?? traceOf(textOf(headers.traceparent)) ?? traceOf(textOf(headers.ce_traceparent));
  return compact(id, {
    source: printable(own?.source) ?? textOf(headers.ce_source),
    at,
    attempt: attemptOf(own?.attempt),
    notBefore: time(own?.notBefore),
    failedAt: time(own?.failedAt),
    requeued: countOf(own?.requeued),
    expiresAt: time(own?.expiresAt),
    parent: printable(own?.parent),
    root: printable(own?.root),
    watched: own?.watched === true ? true : undefined,
    tenant: printable(own?.tenant),
    trace,
    replay: printable(own?.replay),
  });
}

/**
 * The compact JSON of the header; absent fields and attempt 1 are left out. Joined by hand because every task pays for
 * it at every hop: a third of what JSON.stringify takes.
 */
export function writeEnvelope(envelope: Envelope): string {
  const { id, source, at, attempt, notBefore, failedAt, requeued, expiresAt } = envelope;
  const { parent, root, watched, tenant, trace, replay } = envelope;
  let json = `{"id":${quoted(id)}`;
  if (source !== undefined) json += `,"source":${quoted(source)}`;
  if (at !== undefined) json += `,"at":${decimal(at)}`;
  if (attempt !== undefined && attempt !== 1) json += `,"attempt":${decimal(attempt)}`;
  if (notBefore !== undefined) json += `,"notBefore":${decimal(notBefore)}`;
  if (failedAt !== undefined) json += `,"failedAt":${decimal(failedAt)}`;
  if (requeued !== undefined) json += `,"requeued":${decimal(requeued)}`;
  if (expiresAt !== undefined) json += `,"expiresAt":${decimal(expiresAt)}`;
  if (parent !== undefined) json += `,"parent":${quoted(parent)}`;
  if (root !== undefined) json += `,"root":${quoted(root)}`;
  if (watched !== undefined) json += ',"watched":true';
  if (tenant !== undefined) json += `,"tenant":${quoted(tenant)}`;
  if (trace !== undefined) json += `,"trace":${quoted(trace)}`;
  if (replay !== undefined) json += `,"replay":${quoted(replay)}`;
  return `${json}}`;
}

/** Printable ASCII without quote and backslash stands in JSON as it is. */
const standsAsItIs = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return standsAsItIs.test(text) ? `"${text}"` : JSON.stringify(text);
}

function decimal(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}

/** Whether a text may serve as an id, tenant or source as it is. */
export function isPrintable(text: string): boolean {
  if (text.length === 0 || text.length > maxTextLength) return false;
  return plainAscii.test(text) || !unprintable.test(text);
}

type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Leaves out what is undefined; spelt out because it runs for every record. */
function compact(id: string, fields: Loose<Envelope>): Envelope {
  const { source, at, attempt, notBefore, failedAt, requeued, expiresAt, parent, root, watched } = fields;
  const { tenant, trace, replay } = fields;
  const envelope: { -readonly [K in keyof Envelope]: Envelope[K] } = { id };
  if (source !== undefined) envelope.source = source;
  if (at !== undefined) envelope.at = at;
  if (attempt !== undefined) envelope.attempt = attempt;
  if (notBefore !== undefined) envelope.notBefore = notBefore;
  if (failedAt !== undefined) envelope.failedAt = failedAt;
  if (requeued !== undefined) envelope.requeued = requeued;
  if (expiresAt !== undefined) envelope.expiresAt = expiresAt;
  if (parent !== undefined) envelope.parent = parent;
  if (root !== undefined) envelope.root = root;
  if (watched !== undefined) envelope.watched = watched;
  if (tenant !== undefined) envelope.tenant = tenant;
  if (trace !== undefined) envelope.trace = trace;
  if (replay !== undefined) envelope.replay = replay;
  return envelope;
}

/** JSON.parse makes even `__proto__` an own property, and only known names are read, so no prototype is reached. */
function readOwn(header: HeaderValue): Readonly<Record<string, unknown>> | undefined {
  const bytes = lastOf(header);
  if (bytes === undefined || bytes.length > maxEnvelopeBytes) return undefined;
  try {
    const json: unknown = JSON.parse(bytes.toString());
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Of a repeated header the last one counts, as in Kafka's own clients. */
function lastOf(header: HeaderValue): Buffer | string | undefined {
  return Array.isArray(header) ? header.at(-1) : header;
}

function textOf(header: HeaderValue): string | undefined {
  const bytes = lastOf(header);
  return bytes === undefined || bytes.length > maxEnvelopeBytes ? undefined : printable(bytes.toString());
}

function printable(value: unknown): string | undefined {
  return typeof value === 'string' && isPrintable(value) ? value : undefined;
}

function time(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= maxTimeMs
    ? value
    : undefined;
}

function timeOf(header: HeaderValue): number | undefined {
  const text = textOf(header);
  return text === undefined || !/^\d{4}-\d\d-\d\d[Tt]/.test(text) ? undefined : time(Date.parse(text));
}

function attemptOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 1 && value <= maxAttempt ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= maxAttempt ? value : undefined;
}

/** Whether a text is a W3C traceparent. */
export function isTraceparent(text: string): boolean {
  return text.length <= maxTextLength && traceparent.test(text);
}

function traceOf(value: unknown): string | undefined {
  return typeof value === 'string' && isTraceparent(value) ? value : undefined;
}
