import type { KafkaMessage } from 'kafkajs';
import type { InboundRecord } from '../ports.ts';

export const toInbound = (message: KafkaMessage): InboundRecord => ({
  offset: Number(message.offset),
  timestampMs: Number(message.timestamp),
  key: message.key,
  value: message.value,
  headers: message.headers ?? {},
});
