import { Kafka, type KafkaConfig, type RetryOptions, type SASLOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { PenstockError } from '../schemas/errors.ts';
import { KafkaAdminClient } from './kafkajs/admin.ts';
import { openCluster, probeCluster } from './kafkajs/cluster.ts';
import { KafkaGroupConsumer } from './kafkajs/group-consumer.ts';
import { kafkaLogCreator, kafkaLogLevel } from './kafkajs/logging.ts';
import { patchKafkajs } from './kafkajs/patches.ts';
import { KafkaProduceTransport } from './kafkajs/produce-transport.ts';
import { promptSockets } from './kafkajs/sockets.ts';
import type { Admin, Broker, ConsumerOptions, GroupConsumer, Producer, ProducerOptions } from './ports.ts';
import { BatchingProducer } from './producer/batching-producer.ts';
import { systemClock } from './producer/clock.ts';

export interface SaslCredentials {
  /** 'plain', 'scram-sha-256' or 'scram-sha-512', in any case. */
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
}

export interface KafkaOptions {
  /** host:port of one or more brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Default false. */
  readonly ssl?: boolean;
  readonly sasl?: SaslCredentials | undefined;
  /** Name in the broker's logs and in the list of group members. Default 'penstock'. */
  readonly clientId?: string;
  /** Default: silence. */
  readonly logger?: Logger;
}

const connectionTimeoutMs = 3000;
/** A consumer or producer whose broker hangs tries again after it; a fetch or a join has its own, longer limit. */
const requestTimeoutMs = 15_000;
/** What is asked for right now fails within seconds; the producer tries again by itself. */
const briefRetry: RetryOptions = { retries: 3, initialRetryTime: 100, maxRetryTime: 1000 };
/**
 * A running consumer sits out two minutes without a broker. Giving up earlier costs it its member id, and the group then
 * waits a whole session timeout for the member that never comes back.
 */
const patientRetry: RetryOptions = { retries: 120, initialRetryTime: 100, maxRetryTime: 1000 };

/**
 * Kafka by kafkajs. Connects to nothing yet: each producer, consumer and admin opens connections of its own, and rejects
 * with PIPE_BROKER_UNAVAILABLE or PIPE_BROKER_AUTH when it cannot.
 */
export function connectKafka(options: KafkaOptions): Broker {
  if (!patchKafkajs())
    options.logger?.warn('an unknown version of kafkajs is installed: its idle timer stays as it is');
  const base = clientConfig(options);
  const newClient = (): Kafka => new Kafka({ ...base, retry: briefRetry });
  return {
    async producer(settings: ProducerOptions = {}): Promise<Producer> {
      const transport = new KafkaProduceTransport(() => openCluster(newClient()), options.logger);
      await transport.connect();
      return new BatchingProducer(transport, systemClock, settings, options.logger);
    },
    consumer(settings: ConsumerOptions): GroupConsumer {
      const probe = (): Promise<void> => probeCluster(newClient());
      const newPatient = (onAttempt: () => void): Kafka =>
        new Kafka({ ...base, retry: patientRetry, socketFactory: promptSockets(onAttempt) });
      return new KafkaGroupConsumer({ probe, newClient: newPatient }, settings, options.logger);
    },
    async admin(): Promise<Admin> {
      const kafka = newClient();
      const admin = new KafkaAdminClient(kafka.admin(), openCluster(kafka));
      await admin.connect();
      return admin;
    },
  };
}

function clientConfig(options: KafkaOptions): KafkaConfig {
  return {
    brokers: [...options.brokers],
    clientId: options.clientId ?? 'penstock',
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    socketFactory: promptSockets(),
    ssl: options.ssl ?? false,
    ...(options.sasl ? { sasl: saslOptions(options.sasl) } : {}),
    logLevel: kafkaLogLevel(options.logger),
    logCreator: kafkaLogCreator(options.logger),
  };
}

function saslOptions({ mechanism, username, password }: SaslCredentials): SASLOptions {
  const name = mechanism.toLowerCase();
  if (name === 'plain' || name === 'scram-sha-256' || name === 'scram-sha-512') {
    return { mechanism: name, username, password };
  }
  const message = `SASL mechanism “${mechanism}” is none of plain, scram-sha-256, scram-sha-512`;
  throw new PenstockError('PIPE_CONFIG_INVALID', message);
}
