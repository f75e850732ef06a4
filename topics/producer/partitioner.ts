const seed = 0x9747b28c;
const mixer = 0x5bd1e995;

/** murmur2 with the constants of the Java client: foreign producers and Penstock must agree where a key lives. */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const view = new DataView(data.buffer, data.byteOffset, length);
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getInt32(at, true), mixer);
    word = Math.imul(word ^ (word >>> 24), mixer);
    hash = Math.imul(hash, mixer) ^ word;
  }
  hash = mixTail(hash, view, whole);
  hash = Math.imul(hash ^ (hash >>> 13), mixer);
  return hash ^ (hash >>> 15);
}

function mixTail(hash: number, view: DataView, whole: number): number {
  const left = view.byteLength - whole;
  if (left === 0) return hash;
  let mixed = hash;
  if (left === 3) mixed ^= view.getUint8(whole + 2) << 16;
  if (left >= 2) mixed ^= view.getUint8(whole + 1) << 8;
  return Math.imul(mixed ^ view.getUint8(whole), mixer);
}

export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** Chooses partitions as the Java client's default does for keys; records without a key take turns, or requests do. */
export class Partitioner {
  readonly #records = new Turns();
  readonly #requests = new Turns();

  /** 'any': the same until a request with that topic leaves. */
  choose({ topic, partition, key }: PartitionWish, partitions: number): number {
    if (typeof partition === 'number') return partition;
    if (partition === 'any') return this.#requests.of(topic) % partitions;
    return key === null ? this.#records.take(topic) % partitions : partitionOfKey(key, partitions);
  }

  requestLeft(topics: ReadonlySet<string>): void {
    for (const topic of topics) this.#requests.take(topic);
  }
}

export interface PartitionWish {
  readonly topic: string;
  readonly partition?: number | 'any' | undefined;
  readonly key: Uint8Array | null;
}

/** Of each topic on its own: one count for all would let topics that alternate keep to some of their partitions. */
class Turns {
  readonly #next = new Map<string, number>();

  of(topic: string): number {
    return this.#next.get(topic) ?? 0;
  }

  take(topic: string): number {
    const turn = this.of(topic);
    this.#next.set(topic, turn + 1);
    return turn;
  }
}
