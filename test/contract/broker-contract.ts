import type { Broker } from '../../topics/ports.ts';
import { adminContract } from './admin-contract.ts';
import { consumerContract } from './consumer-contract.ts';
import { producerContract } from './producer-contract.ts';

/** What topics/ports.ts promises. `connect` gives a handle to the same cluster each time within one test. */
export function brokerContract(connect: () => Broker): void {
  producerContract(connect);
  consumerContract(connect);
  adminContract(connect);
}
