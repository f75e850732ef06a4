import { hash, randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/**
 * Namespace of every UUIDv5 that Penstock derives. Never changes: ids derived by users in other languages, and ids of
 * children across restarts, depend on it.
 */
export const penstockNamespace = 'f7c57d95-9e2b-45d0-a990-d27165779581';

const namespaceBytes = Buffer.from(penstockNamespace.replaceAll('-', ''), 'hex');

const randomBytesPerId = 16;
const pool = new Uint8Array(randomBytesPerId * 256);
let poolAt = pool.length;

/** The kernel is asked once for many ids: asking for each takes longer than all the rest of it. */
function randomOfPool(): Uint8Array {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  poolAt += randomBytesPerId;
  return pool.slice(poolAt - randomBytesPerId, poolAt);
}

let msecs = 0;
let seq = 0;

/** Id of a new task: UUIDv7, so that ids sort by time; those of one process by their order. */
export function newTaskId(): string {
  const random = randomOfPool();
  const now = Date.now();
  // A random start of 31 bits leaves two thousand million ids for the rest of its millisecond.
  seq = now > msecs ? new DataView(random.buffer).getUint32(0) >>> 1 : seq + 1;
  msecs = Math.max(msecs, now);
  return v7({ random, msecs, seq });
}

/**
 * Id of a task whose producer gave none: UUIDv5 of `<topic>/<partition>/<offset>`, numbers in decimal. In Python:
 * `uuid.uuid5(uuid.UUID(penstock_namespace), f"{topic}/{partition}/{offset}")`.
 */
export function placeId(topic: string, partition: number, offset: number): string {
  return derive(`${topic}/${partition}/${offset}`);
}

/**
 * Id of the child that a stage made at that index: UUIDv5 of `child/<parent id>/<stage>/<index>`. A topic holds no
 * slash, so no child ever shares a name with a place.
 */
export function childId(parentId: string, stage: string, index: number): string {
  return derive(`child/${parentId}/${stage}/${index}`);
}

/**
 * Id of the task behind an Idempotency-Key: UUIDv5 of `key/<pipeline>/<tenant>\n<key>`; no tenant: empty. Neither
 * tenants nor HTTP headers hold a line break, so two triples never make one name.
 */
export function idempotentId(tenant: string | undefined, pipeline: string, key: string): string {
  return derive(`key/${pipeline}/${tenant ?? ''}\n${key}`);
}

/** UUIDv5 (RFC 9562 §5.5). Own code because a record without an id pays it on the hot path: the uuid package takes thrice as long. */
function derive(name: string): string {
  const digest = hash('sha1', Buffer.concat([namespaceBytes, Buffer.from(name)]), 'hex');
  const variant = '89ab'.charAt(Number.parseInt(digest.charAt(16), 16) & 3);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
