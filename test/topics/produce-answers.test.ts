import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { patchKafkajs } from '../../topics/kafkajs/patches.ts';
import { answersBeside } from '../../topics/kafkajs/produce-answers.ts';

const load = createRequire(import.meta.url);
const ok = (partition: number) => ({ partition, errorCode: 0, baseOffset: '70' });
const refused = (partition: number, errorCode: number) => ({ partition, errorCode, baseOffset: '-1' });

describe('the answer to a produce request', () => {
  it.each([3, 4, 5, 6, 7])('v%i throws as kafkajs does, and keeps what was written beside it', async (version) => {
    patchKafkajs();
    const { parse } = load(`kafkajs/src/protocol/requests/produce/v${version}/response`);
    const answer = { topics: [{ topicName: 't', partitions: [ok(0), refused(1, 6), refused(2, 10)] }] };
    const thrown: unknown = await parse(answer).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(thrown).toMatchObject({ name: 'KafkaJSProtocolError', type: 'NOT_LEADER_FOR_PARTITION' });
    const answers = answersBeside(thrown);
    expect(answers?.get('0:t')).toEqual({ kind: 'written', baseOffset: 70 });
    expect(answers?.get('1:t')).toMatchObject({ kind: 'refused', error: { type: 'NOT_LEADER_FOR_PARTITION' } });
    expect(answers?.get('2:t')).toMatchObject({ kind: 'refused', error: { type: 'MESSAGE_TOO_LARGE' } });
  });

  it('passes an answer without errors on', async () => {
    patchKafkajs();
    const { parse } = load('kafkajs/src/protocol/requests/produce/v7/response');
    const answer = { topics: [{ topicName: 't', partitions: [ok(0)] }] };
    expect(await parse(answer)).toBe(answer);
    expect(answersBeside(new Error('another'))).toBeUndefined();
    expect(answersBeside(undefined)).toBeUndefined();
  });
});
