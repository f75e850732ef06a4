import type { Cluster, Kafka, PartitionAssigner } from 'kafkajs';
import { PenstockError } from '../../schemas/errors.ts';
import { type Ownership, stickyAssigner } from './sticky-assigner.ts';

/**
 * The broker-level client of kafkajs, which its producer hides and its assigners are given. With it a produce request
 * is exactly ours: no grouping of its own (quadratic in the records of a partition), no retry that repeats a whole batch.
 */
export interface ClusterTap {
  readonly assigner: PartitionAssigner;
  /** Only after the consumer that has the assigner was made. */
  cluster(): Cluster;
}

export interface TapEvents {
  /** Right before each attempt to join the group. */
  joinAttempted(): void;
  owned(): Ownership | undefined;
}

const noEvents: TapEvents = { joinAttempted: () => undefined, owned: () => undefined };

export function tapCluster(events: TapEvents = noEvents): ClusterTap {
  const reached: Cluster[] = [];
  return {
    assigner(config) {
      reached.push(config.cluster);
      const assigner = stickyAssigner(() => events.owned())(config);
      const protocol: typeof assigner.protocol = (subscription) => {
        events.joinAttempted();
        return assigner.protocol(subscription);
      };
      return { ...assigner, protocol };
    },
    cluster() {
      const [cluster] = reached;
      if (cluster) return cluster;
      throw new PenstockError('PIPE_CONFIG_INVALID', 'this version of kafkajs gives no access to its cluster');
    },
  };
}

/** A cluster client on its own connections; the consumer that it comes from is never run. */
export function openCluster(kafka: Kafka): Cluster {
  const tap = tapCluster();
  kafka.consumer({ groupId: 'penstock.none', allowAutoTopicCreation: false, partitionAssigners: [tap.assigner] });
  return tap.cluster();
}

/** Rejects, with the error of kafkajs, when no broker can be reached in a few seconds. */
export async function probeCluster(kafka: Kafka): Promise<void> {
  const cluster = openCluster(kafka);
  try {
    await cluster.connect();
  } finally {
    await cluster.disconnect();
  }
}
