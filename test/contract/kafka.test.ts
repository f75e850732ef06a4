import { describe, inject } from 'vitest';
import { connectKafka } from '../../topics/client.ts';
import { brokerContract } from './broker-contract.ts';

describe('Kafka by kafkajs', () => {
  brokerContract(() => connectKafka({ brokers: inject('stack').brokers.split(',') }));
});
