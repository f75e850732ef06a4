import type { Cluster } from 'kafkajs';

type Ready = (isMember: boolean) => Promise<void> | undefined;

const readiness = new WeakMap<object, Ready>();

/**
 * The consumer with this cluster client joins its group's next generation when the promise is settled; undefined: at once.
 * `isMember`: of the present one, as far as it knows; false where the group has thrown it out.
 */
export function delayJoins(cluster: Cluster, ready: Ready): void {
  readiness.set(cluster, ready);
}

export type Join = (this: { readonly cluster: object; readonly memberId: string | null }) => Promise<void>;

/** kafkajs joins as soon as it hears of a rebalance; what runs would have no time to end. */
export function delayingJoin(join: Join): Join {
  return async function joinAndSync() {
    await readiness.get(this.cluster)?.(Boolean(this.memberId));
    return join.call(this);
  };
}
