import { describe } from 'vitest';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { brokerContract } from './broker-contract.ts';

describe('the in-memory twin', () => {
  brokerContract(() => createMemoryBroker());
});
