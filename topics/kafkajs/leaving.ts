import type { GroupFetch } from './fetch-of-group.ts';

const leaving = new WeakSet<object>();
const underway = new WeakMap<object, Set<() => void>>();

/** The consumer with this cluster client is about to leave its group: what it still fetches is of no use to it. */
export function endFetches(cluster: object): void {
  leaving.add(cluster);
  for (const end of underway.get(cluster) ?? []) end();
}

/** kafkajs leaves the group only after its fetch, and the broker holds that of an idle member back. */
export function fetchUntilLeaving(fetch: GroupFetch): GroupFetch {
  return async function fetchOnce(nodeId) {
    if (leaving.has(this.cluster)) return [];
    const ends = underway.get(this.cluster) ?? new Set();
    underway.set(this.cluster, ends);
    return new Promise((resolve, reject) => {
      const end = () => resolve([]);
      ends.add(end);
      fetch
        .call(this, nodeId)
        .then(resolve, reject)
        .finally(() => ends.delete(end));
    });
  };
}
