import { PenstockError } from '../../schemas/errors.ts';
import type { Admin, Broker, ConsumerOptions, GroupConsumer, Producer } from '../ports.ts';
import { MemoryAdmin } from './memory-admin.ts';
import { MemoryConsumer } from './memory-consumer.ts';
import { MemoryFaults } from './memory-faults.ts';
import { MemoryGroup } from './memory-group.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryProducer } from './memory-producer.ts';

export interface MemoryBrokerOptions {
  /** Runs it a little later; a simulation brings its own queue. Default setImmediate. */
  readonly later?: (run: () => void) => void;
  /** Epoch ms of records without a time of their own. Default Date.now. */
  readonly now?: () => number;
}

/**
 * Kafka's twin for tests: the same promises as connectKafka, without sockets and timers. Retention is not played, and a
 * fault that Kafka's client would retry is told to the caller at once.
 */
export interface MemoryBroker extends Broker {
  readonly faults: MemoryFaults;
  /** All members of the group join again; nobody comes or goes. */
  rebalance(groupId: string): void;
  memberIds(groupId: string): readonly string[];
  /** kill -9: the member falls silent and is gone from the group. */
  kill(memberId: string): void;
  /** SIGSTOP past the session timeout: it hears nothing, the group goes on without it, its commits are refused. */
  freeze(memberId: string): void;
  /** SIGCONT: joins again, as a new member. */
  thaw(memberId: string): void;
  /** The consumer gives up: its listener gets failed(error). */
  crash(memberId: string, error?: Error): void;
}

export function createMemoryBroker(options: MemoryBrokerOptions = {}): MemoryBroker {
  const later = options.later ?? ((run: () => void) => void setImmediate(run));
  const log = new MemoryLog(options.now ?? Date.now);
  const faults = new MemoryFaults();
  const groups = new Map<string, MemoryGroup>();
  const consumers = new Set<MemoryConsumer>();
  const groupOf = (groupId: string): MemoryGroup => {
    const group = groups.get(groupId) ?? new MemoryGroup(groupId, log, later);
    groups.set(groupId, group);
    return group;
  };
  const wakeAll = (): void => {
    for (const consumer of consumers) consumer.pump();
  };
  const memberOf = (memberId: string): MemoryConsumer => {
    for (const consumer of consumers) if (consumer.memberId === memberId) return consumer;
    throw new PenstockError('PIPE_CONFIG_INVALID', `no member ${memberId}`);
  };
  const regroup = (): void => {
    for (const group of groups.values()) if (group.memberIds.length > 0) group.rebalance();
  };
  return {
    faults,
    async producer(): Promise<Producer> {
      return new MemoryProducer(log, faults, wakeAll);
    },
    consumer(settings: ConsumerOptions): GroupConsumer {
      const consumer = new MemoryConsumer(settings, { log, group: groupOf(settings.groupId), faults, later });
      consumers.add(consumer);
      return consumer;
    },
    async admin(): Promise<Admin> {
      return new MemoryAdmin(log, groupOf, regroup);
    },
    rebalance: (groupId) => groupOf(groupId).rebalance(),
    memberIds: (groupId) => groupOf(groupId).memberIds,
    kill: (memberId) => memberOf(memberId).kill(),
    freeze: (memberId) => memberOf(memberId).freeze(),
    thaw: (memberId) => memberOf(memberId).thaw(),
    crash: (memberId, error = new PenstockError('PIPE_CONSUMER_CRASHED', 'a fault that the test asked for')) =>
      memberOf(memberId).crash(error),
  };
}
