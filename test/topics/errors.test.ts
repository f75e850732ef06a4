import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { PenstockError } from '../../schemas/errors.ts';
import { readFault, translate } from '../../topics/kafkajs/errors.ts';

const { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded } = kafkajs;

const protocolError = (type: string, retriable: boolean): Error =>
  Object.assign(new Error(`broker says ${type}`), { name: 'KafkaJSProtocolError', type, retriable, code: 1 });

describe('translate', () => {
  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'PIPE_TOPIC_UNKNOWN', true],
    ['MESSAGE_TOO_LARGE', 'PIPE_TASK_TOO_LARGE', false],
    ['TOPIC_AUTHORIZATION_FAILED', 'PIPE_BROKER_AUTH', false],
    ['ILLEGAL_GENERATION', 'PIPE_COMMIT_FENCED', false],
    ['REBALANCE_IN_PROGRESS', 'PIPE_COMMIT_FENCED', false],
    ['NOT_LEADER_FOR_PARTITION', 'PIPE_BROKER_UNAVAILABLE', true],
    ['INVALID_RECORD', 'PIPE_BROKER_REFUSED', false],
  ])('%s becomes %s', (type, code, retriable) => {
    const error = translate(protocolError(type, retriable), 'writing', { topic: 't' });
    expect(error).toMatchObject({ code, context: { topic: 't' } });
    expect(error.message).toContain('writing');
    expect(error.message).toContain(type);
  });

  it('looks through what kafkajs wraps around', () => {
    const inner = protocolError('GROUP_AUTHORIZATION_FAILED', false);
    const wrapped = new KafkaJSNumberOfRetriesExceeded(
      Object.assign(new KafkaJSNonRetriableError('outer'), { cause: inner }),
      { retryCount: 3, retryTime: 100 },
    );
    expect(translate(wrapped, 'joining').code).toBe('PIPE_BROKER_AUTH');
    const aggregate = Object.assign(new Error('several'), { errors: [protocolError('INVALID_PARTITIONS', false)] });
    expect(translate(aggregate, 'creating').code).toBe('PIPE_CONFIG_INVALID');
  });

  it('knows connection faults and refused credentials by name', () => {
    const refused = Object.assign(new Error('no'), { name: 'KafkaJSSASLAuthenticationError', retriable: false });
    expect(translate(new KafkaJSConnectionError('refused'), 'connecting').code).toBe('PIPE_BROKER_UNAVAILABLE');
    expect(translate(refused, 'connecting').code).toBe('PIPE_BROKER_AUTH');
  });

  it('takes a broker that never greets for one that is away', () => {
    expect(translate(new Error('Broker not connected'), 'connecting').code).toBe('PIPE_BROKER_UNAVAILABLE');
  });

  it('copes with whatever is thrown, and leaves our own errors alone', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, { cause: {} }]) {
      expect(translate(thrown, 'doing').code).toBe('PIPE_BROKER_REFUSED');
    }
    const own = new PenstockError('PIPE_GROUP_RUNNING', 'running');
    expect(translate(own, 'doing')).toBe(own);
    const circular = new Error('round');
    circular.cause = circular;
    expect(readFault(circular).name).toBe('Error');
  });
});
