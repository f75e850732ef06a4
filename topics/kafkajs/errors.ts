import type { ErrorCode } from '../../schemas/error-catalogue.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';

const codeOfKafkaError: Readonly<Record<string, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'PIPE_TOPIC_UNKNOWN',
  MESSAGE_TOO_LARGE: 'PIPE_TASK_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'PIPE_TASK_TOO_LARGE',
  TOPIC_AUTHORIZATION_FAILED: 'PIPE_BROKER_AUTH',
  GROUP_AUTHORIZATION_FAILED: 'PIPE_BROKER_AUTH',
  CLUSTER_AUTHORIZATION_FAILED: 'PIPE_BROKER_AUTH',
  SASL_AUTHENTICATION_FAILED: 'PIPE_BROKER_AUTH',
  UNSUPPORTED_SASL_MECHANISM: 'PIPE_BROKER_AUTH',
  ILLEGAL_SASL_STATE: 'PIPE_BROKER_AUTH',
  ILLEGAL_GENERATION: 'PIPE_COMMIT_FENCED',
  UNKNOWN_MEMBER_ID: 'PIPE_COMMIT_FENCED',
  REBALANCE_IN_PROGRESS: 'PIPE_COMMIT_FENCED',
  FENCED_INSTANCE_ID: 'PIPE_COMMIT_FENCED',
  NON_EMPTY_GROUP: 'PIPE_GROUP_RUNNING',
  INVALID_TOPIC_EXCEPTION: 'PIPE_CONFIG_INVALID',
  INVALID_CONFIG: 'PIPE_CONFIG_INVALID',
  INVALID_PARTITIONS: 'PIPE_CONFIG_INVALID',
  INVALID_REPLICATION_FACTOR: 'PIPE_CONFIG_INVALID',
  POLICY_VIOLATION: 'PIPE_CONFIG_INVALID',
};

const connectionFaults: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
  'KafkaJSNoBrokerAvailableError',
]);

/** What kafkajs hangs on its errors, read without trusting any of it. */
export interface KafkaFault {
  readonly name: string;
  readonly type: string | undefined;
  readonly retriable: boolean;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

const field = (thrown: object, name: string): unknown => Reflect.get(thrown, name);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The error at the root: kafkajs wraps it in “retries exceeded” and “non retriable”, and aggregates the topics of one call. */
function rootOf(thrown: unknown): unknown {
  let root = thrown;
  for (let depth = 0; depth < 8 && typeof root === 'object' && root !== null; depth += 1) {
    const errors = field(root, 'errors');
    const inner = Array.isArray(errors) ? errors[0] : field(root, 'cause');
    if (!(inner instanceof Error)) break;
    root = inner;
  }
  return root;
}

export function readFault(thrown: unknown): KafkaFault {
  const root = rootOf(thrown);
  if (typeof root !== 'object' || root === null) {
    return { name: '', type: undefined, retriable: false, host: undefined, port: undefined };
  }
  const port = field(root, 'port');
  return {
    name: text(field(root, 'name')) ?? '',
    type: text(field(root, 'type')),
    retriable: field(root, 'retriable') === true,
    host: text(field(root, 'host')),
    port: typeof port === 'number' ? port : undefined,
  };
}

export function codeOf(fault: KafkaFault): ErrorCode {
  const known = fault.type === undefined ? undefined : codeOfKafkaError[fault.type];
  if (known) return known;
  if (fault.name === 'KafkaJSSASLAuthenticationError') return 'PIPE_BROKER_AUTH';
  if (connectionFaults.has(fault.name) || fault.retriable) return 'PIPE_BROKER_UNAVAILABLE';
  return 'PIPE_BROKER_REFUSED';
}

/** A plain Error of kafkajs, for a broker whose greeting never came. */
const isNotConnected = (thrown: unknown): boolean => messageOf(rootOf(thrown)) === 'Broker not connected';

/** Every error of kafkajs leaves topics/ through here. */
export function translate(
  thrown: unknown,
  doing: string,
  context: Readonly<Record<string, string | number | boolean>> = {},
): PenstockError {
  if (thrown instanceof PenstockError) return thrown;
  const fault = readFault(thrown);
  if (isNotConnected(thrown)) {
    return new PenstockError('PIPE_BROKER_UNAVAILABLE', `${doing}: the broker took the connection and said nothing`, {
      context,
      cause: thrown,
    });
  }
  const type = fault.type ?? fault.name;
  const described = type ? `${doing}: ${messageOf(rootOf(thrown))} (${type})` : `${doing}: ${messageOf(thrown)}`;
  return new PenstockError(codeOf(fault), described, { context, cause: thrown });
}
