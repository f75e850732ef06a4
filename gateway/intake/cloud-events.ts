import type { IncomingHttpHeaders } from 'node:http';
import { isPrintable, isTraceparent } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';

/** What a task takes from the CloudEvent that brought it; the payload is the event's data. */
export interface EventAttributes {
  readonly id: string;
  readonly source: string;
  /** Epoch ms; from `time`. */
  readonly at?: number;
  /** From the extension `partitionkey`. */
  readonly key?: string;
  /** From the extension `traceparent`. */
  readonly trace?: string;
}

export interface CloudEvent {
  readonly attributes: EventAttributes;
  /** The data as JSON. */
  readonly json: Buffer;
}

type Attributes = Readonly<Record<string, unknown>>;

const maxKeyLength = 1_024;
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const jsonType = /^[\w.+-]+\/([\w.+-]+\+)?json\s*(;|$)/i;

/** Whether the headers carry an event in binary mode; one in structured mode shows in its content type. */
export function isBinaryEvent(headers: IncomingHttpHeaders): boolean {
  return headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined;
}

/** Binary mode: attributes in headers, percent-encoded where they are not plain ASCII. Throws PIPE_GATEWAY_EVENT_INVALID. */
export function readBinaryEvent(headers: IncomingHttpHeaders): EventAttributes {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce-') && typeof value === 'string') attributes[name.slice(3)] = decoded(name, value);
  }
  return readAttributes(attributes);
}

/** Structured mode, alone or one of a batch. Throws PIPE_GATEWAY_EVENT_INVALID. */
export function readStructuredEvent(event: unknown): CloudEvent {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) throw invalid('an event is a JSON object');
  const fields: Attributes = { ...event };
  return { attributes: readAttributes(fields), json: dataOf(fields) };
}

function readAttributes(fields: Attributes): EventAttributes {
  if (fields.specversion !== '1.0') throw invalid('specversion must be “1.0”');
  const id = printable(fields, 'id');
  const source = printable(fields, 'source');
  if (typeof fields.type !== 'string' || fields.type === '') throw invalid('type must be a text that is not empty');
  const { time, partitionkey: key, traceparent } = fields;
  return {
    id,
    source,
    ...(time !== undefined && time !== null && { at: timeOf(time) }),
    ...(typeof key === 'string' && key !== '' && key.length <= maxKeyLength && { key }),
    ...(typeof traceparent === 'string' && isTraceparent(traceparent) && { trace: traceparent }),
  };
}

function printable(fields: Attributes, name: 'id' | 'source'): string {
  const value = fields[name];
  if (typeof value === 'string' && isPrintable(value)) return value;
  throw invalid(`${name} must be 1 to 256 printable characters`);
}

function timeOf(time: unknown): number {
  const at = typeof time === 'string' && rfc3339.test(time) ? Date.parse(time) : Number.NaN;
  if (at >= 0) return at;
  throw invalid('time must be an RFC 3339 timestamp');
}

/** `data_base64` holds the bytes of a JSON text; `data` is a JSON value already. */
function dataOf({ data, data_base64: base64, datacontenttype: type }: Attributes): Buffer {
  if (type !== undefined && type !== null && !(typeof type === 'string' && jsonType.test(type))) {
    throw invalid('datacontenttype must be JSON: payloads are');
  }
  if (base64 === undefined) return jsonBytes(data);
  if (data !== undefined) throw invalid('data and data_base64 exclude each other');
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw invalid('data_base64 must be Base64');
  return Buffer.from(base64, 'base64');
}

/** What JSON.stringify cannot write is too deep for any schema: it goes on as a value that fits none. */
export function jsonBytes(value: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(value ?? null));
  } catch {
    return Buffer.from('null');
  }
}

function decoded(name: string, value: string): string {
  try {
    return decodeURIComponent(value.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
  } catch {
    throw invalid(`the header ${name} is not percent-encoded UTF-8`);
  }
}

const invalid = (message: string): PenstockError => new PenstockError('PIPE_GATEWAY_EVENT_INVALID', message);
