import type { GroupFetch } from './fetch-of-group.ts';
import type { Join } from './join-delay.ts';

const owing = new WeakSet<object>();

/**
 * A join that fails is owed. kafkajs fetches on after it: in the generation before, which a broker that came back still
 * knows, while the listener waits for what follows a rebalance, for ever; or, where the group had thrown it out, as no
 * member at all.
 */
export function rememberingJoin(join: Join): Join {
  return async function joinAndSync() {
    owing.add(this.cluster);
    await join.call(this);
    owing.delete(this.cluster);
  };
}

/** Fetches nothing while a join is owed: what it throws makes the runner of kafkajs join. */
export function fetchOfMembers(fetch: GroupFetch): GroupFetch {
  return async function fetchOnce(nodeId) {
    if (owing.has(this.cluster))
      throw Object.assign(new Error('the last join failed'), { type: 'REBALANCE_IN_PROGRESS' });
    return fetch.call(this, nodeId);
  };
}
