import { type Cluster, type Kafka, type PartitionAssigner, PartitionAssigners } from 'kafkajs';
import { PenstockError } from '../../schemas/errors.ts';

/**
 * The broker-level client of kafkajs, which its producer hides and its assigners are given. With it a produce request
 * is exactly ours: no grouping of its own (quadratic in the records of a partition), no retry that repeats a whole batch.
 */
export interface ClusterTap {
  readonly assigner: PartitionAssigner;
  /** Only after the consumer that has the assigner was made. */
  cluster(): Cluster;
}

/** onJoin is called right before each attempt to join the group. */
export function tapCluster(onJoin: () => void = () => undefined): ClusterTap {
  const reached: Cluster[] = [];
  return {
    assigner(config) {
      reached.push(config.cluster);
      const assigner = PartitionAssigners.roundRobin(config);
      const protocol: typeof assigner.protocol = (subscription) => {
        onJoin();
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
