import { createRequire } from 'node:module';
import type { GroupFetch } from './fetch-of-group.ts';
import { type Fetch, spaceFetches } from './fetch-pace.ts';
import { delayingJoin, type Join } from './join-delay.ts';
import { fetchUntilLeaving } from './leaving.ts';
import { fetchOfMembers, rememberingJoin } from './owed-join.ts';
import { type Parse, rememberAnswers } from './produce-answers.ts';
import { type Checksum, encodingPlainly, type MakeRequest } from './produce-request.ts';
import { scheduleRequestTimeoutCheck } from './request-timeouts.ts';

/** The patched members were read in this version; another one is left as it is. */
const knownVersion = '2.2.4';
const firstRetryMs = 10;

interface RequestQueueLike {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

interface DecoderLike {
  readVarInt(): number;
}

interface DecodedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/**
 * kafkajs arms a timer after every response even when nothing waits; the timer fires at once and arms the next one. An
 * idle client wakes a thousand times a second, and Node 24 warns of each negative delay.
 */
function scheduleCheckPendingRequests(this: RequestQueueLike): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : firstRetryMs,
  );
}

type HeaderBag = Record<string, Buffer | null | (Buffer | null)[]>;

/**
 * kafkajs folds headers with a spread for each: quadratic, so that one record of 100 000 headers holds the loop for
 * minutes. These are folded as they are read; it asks for nothing but the fold.
 */
class FoldedHeaders {
  readonly #bag: HeaderBag = {};

  add({ key, value }: DecodedHeader): void {
    addHeader(this.#bag, key, value);
  }

  reduce(): HeaderBag {
    return this.#bag;
  }
}

/** Own properties only: a header may be named “constructor” or “__proto__”. */
function addHeader(bag: HeaderBag, key: string, value: Buffer | null): void {
  if (!(key in bag)) {
    bag[key] = value;
    return;
  }
  const earlier = Object.hasOwn(bag, key) ? bag[key] : undefined;
  const next = earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  Object.defineProperty(bag, key, { value: next, enumerable: true, configurable: true, writable: true });
}

function readHeaders(this: DecoderLike, read: (decoder: DecoderLike) => DecodedHeader): FoldedHeaders {
  const count = this.readVarInt();
  const headers = new FoldedHeaders();
  for (let index = 0; index < count; index += 1) headers.add(read(this));
  return headers;
}

function prototypeOf(module: unknown): object | undefined {
  if (typeof module !== 'function') return undefined;
  const prototype: unknown = module.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}

function replace(prototype: object | undefined, name: string, method: unknown): boolean {
  if (!prototype || typeof Reflect.get(prototype, name) !== 'function') return false;
  Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  return true;
}

function slowDownFetches(prototype: object | undefined): boolean {
  const fetch: unknown = prototype && Reflect.get(prototype, 'fetch');
  if (!isFetch(fetch)) return false;
  return replace(prototype, 'fetch', spaceFetches(fetch));
}

function isFetch(value: unknown): value is Fetch {
  return typeof value === 'function';
}

function wrapMembership(load: NodeJS.Require): boolean {
  const { prototype }: { prototype: { joinAndSync: Join; fetch: GroupFetch } } = load(
    'kafkajs/src/consumer/consumerGroup',
  );
  return [
    replace(prototype, 'joinAndSync', delayingJoin(rememberingJoin(prototype.joinAndSync))),
    replace(prototype, 'fetch', fetchUntilLeaving(fetchOfMembers(prototype.fetch))),
  ].every(Boolean);
}

let applied: boolean | undefined;

/** Mends kafkajs in this process, once. false: another version is installed, nothing was touched. */
export function patchKafkajs(): boolean {
  applied ??= applyPatches();
  return applied;
}

/** Later versions take that of version 3 when they are loaded, at the first produce. */
function swapProduceEncoder(load: NodeJS.Require): boolean {
  const path = load.resolve('kafkajs/src/protocol/requests/produce/v3/request');
  const makeRequest: MakeRequest = load(path);
  const checksum: Checksum = load('kafkajs/src/protocol/recordBatch/crc32C');
  const cached = load.cache[path];
  if (!cached) return false;
  cached.exports = encodingPlainly(makeRequest, checksum);
  return true;
}

const produceVersions = [3, 4, 5, 6, 7];

/** Each version is looked up again for each request, so they are replaced one by one, and wrap one and the same parser. */
function swapProduceParsers(load: NodeJS.Require): boolean {
  const { createErrorFromCode }: { createErrorFromCode: (code: number) => Error } = load('kafkajs/src/protocol/error');
  const responses: { parse: Parse }[] = produceVersions.map((version) =>
    load(`kafkajs/src/protocol/requests/produce/v${version}/response`),
  );
  const parse = responses[0]?.parse;
  if (!parse) return false;
  const remembering = rememberAnswers(parse, createErrorFromCode);
  for (const response of responses) response.parse = remembering;
  return true;
}

function applyPatches(): boolean {
  const load = createRequire(import.meta.url);
  const { version }: { version?: unknown } = load('kafkajs/package.json');
  if (version !== knownVersion) return false;
  const decoder = prototypeOf(load('kafkajs/src/protocol/decoder'));
  const queue = prototypeOf(load('kafkajs/src/network/requestQueue'));
  return [
    replace(queue, 'scheduleCheckPendingRequests', scheduleCheckPendingRequests),
    replace(queue, 'scheduleRequestTimeoutCheck', scheduleRequestTimeoutCheck),
    replace(decoder, 'readVarIntArray', readHeaders),
    slowDownFetches(prototypeOf(load('kafkajs/src/broker'))),
    wrapMembership(load),
    swapProduceEncoder(load),
    swapProduceParsers(load),
  ].every(Boolean);
}
