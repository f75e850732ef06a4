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
  readonly #turns = new Map<string, number>();
  #requests = 0;

  /** The same until a request leaves. */
  chooseAny(partitions: number): number {
    return this.#requests % partitions;
  }

  requestLeft(): void {
    this.#requests += 1;
  }

  choose(topic: string, key: Uint8Array | null, partitions: number): number {
    if (key !== null) return partitionOfKey(key, partitions);
    const turn = this.#turns.get(topic) ?? 0;
    this.#turns.set(topic, turn + 1);
    return turn % partitions;
  }
}
