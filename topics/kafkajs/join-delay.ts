import type { Cluster } from 'kafkajs';

type Ready = () => Promise<void> | undefined;

const readiness = new WeakMap<object, Ready>();

/** The consumer with this cluster client joins its group's next generation when the promise is settled; undefined: at once. */
export function delayJoins(cluster: Cluster, ready: Ready): void {
  readiness.set(cluster, ready);
}

export type Join = (this: { readonly cluster: object }) => Promise<void>;

/** kafkajs joins as soon as it hears of a rebalance; what runs would have no time to end. */
export function delayingJoin(join: Join): Join {
  return async function joinAndSync() {
    await readiness.get(this.cluster)?.();
    return join.call(this);
  };
}
