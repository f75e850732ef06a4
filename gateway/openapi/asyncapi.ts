import { deadLetterHeader } from '../../schemas/envelope.ts';
import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { workerSampleSchema } from '../../schemas/generated/worker-sample.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';
import { type TopicOfStage, topicsOfStage } from '../../topics/catalogue.ts';
import { attemptsTopic, controlTopic, doneTopic, samplesTopic, stageGroup } from '../../topics/names.ts';
import type { CataloguePipeline, CatalogueStage } from '../catalogue.ts';
import { doneMessage } from './done-message.ts';

const avroFormat = 'application/vnd.apache.avro;version=1.9.0';

/** The header of Penstock’s own; every field is optional on the way in. */
const headers = {
  type: 'object',
  properties: {
    penstock: {
      type: 'string',
      contentMediaType: 'application/json',
      description:
        'What Penstock knows of the task: id, source, at, attempt, notBefore, expiresAt, parent, root, watched, tenant, trace, replay. Times in epoch ms',
    },
    ce_id: { type: 'string', description: 'CloudEvents; where `penstock` names no id' },
    ce_source: { type: 'string' },
    ce_time: { type: 'string', format: 'date-time' },
    traceparent: { type: 'string', description: 'W3C trace context' },
  },
};

const deadHeaders = {
  type: 'object',
  required: [deadLetterHeader],
  properties: {
    ...headers.properties,
    [deadLetterHeader]: {
      type: 'string',
      contentMediaType: 'application/json',
      description: 'Why: topic, partition, offset, stage, code, message, attempts, firstFailedAt, lastFailedAt',
    },
  },
};

type Payload = RecordSchema<unknown> | typeof doneMessage;

interface Channel {
  readonly topic: string;
  readonly title: string;
  readonly description: string;
  readonly payload: Payload;
  readonly headers?: object;
  /** Consumer group that reads it. */
  readonly group?: string;
}

/** AsyncAPI 3 for the topics that other systems may write or read; payloads are the stages' Avro schemas. */
export function asyncapiOf(pipelines: readonly CataloguePipeline[], version: string) {
  const channels = [...pipelines.flatMap(channelsOf), ...ownChannels];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Penstock topics',
      version,
      description: 'Values are Confluent-framed Avro (subject `<topic>-value`), or a JSON object that fits the schema.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels.map((channel) => [channel.topic, channelObject(channel)])),
    operations: Object.fromEntries(
      channels
        .filter(({ group }) => group !== undefined)
        .map((channel) => [`run ${channel.topic}`, operationObject(channel)]),
    ),
  };
}

function channelsOf({ name, stages }: CataloguePipeline): Channel[] {
  const done = {
    topic: doneTopic(name),
    title: `Ends of ${name}`,
    description:
      'A CloudEvent for each end of a task that somebody waits for (`watched`); of every task, where the pipeline says so.',
    payload: doneMessage,
  };
  return [...stages.flatMap((stage) => stageChannels(name, stage)), done];
}

function stageChannels(name: string, stage: CatalogueStage): Channel[] {
  return topicsOfStage(name, stage).map((each) => ({
    topic: each.topic,
    payload: stage.input,
    ...textsOf(each, `${name}.${stage.name}`),
    headers: each.kind === 'dead-letter' ? deadHeaders : headers,
    ...(each.kind === 'stage' && { group: stageGroup(name, stage.name) }),
  }));
}

function textsOf(topic: TopicOfStage, stage: string): Pick<Channel, 'title' | 'description'> {
  switch (topic.kind) {
    case 'stage':
      return {
        title: `Tasks of ${stage}`,
        description: 'Write to it to submit a task. The key orders: tasks of one key run one after another.',
      };
    case 'retry':
      return {
        title: `Tasks of ${stage} that wait ${topic.delay}`,
        description:
          'Written by workers alone: what a failed attempt left, to go back to the stage at its `notBefore`.',
      };
    case 'dead-letter':
      return {
        title: `Dead letters of ${stage}`,
        description:
          'Tasks given up: key, value and headers as they came, and the reason. Values may be no valid payload.',
      };
  }
}

const ownChannels: readonly Channel[] = [
  {
    topic: attemptsTopic,
    title: 'History',
    description: 'Every execution of every stage, in batches; feeds the table attempts.',
    payload: attemptBatchSchema,
  },
  {
    topic: controlTopic,
    title: 'Control',
    description: 'What workers obey while they run. Compacted.',
    payload: controlRecordSchema,
  },
  {
    topic: samplesTopic,
    title: 'Samples',
    description: 'What each worker says of itself every few seconds.',
    payload: workerSampleSchema,
  },
];

function channelObject({ topic, title, description, payload, headers: own }: Channel) {
  const message = {
    name: payload.name,
    ...(own && { headers: own }),
    ...('avro' in payload
      ? { contentType: 'application/json', payload: { schemaFormat: avroFormat, schema: payload.avro } }
      : { contentType: payload.contentType, payload: payload.json }),
  };
  return { address: topic, title, description, messages: { [messageKey]: message } };
}

const messageKey = 'record';

function operationObject({ topic, group }: Channel) {
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${topic}` },
    messages: [{ $ref: `#/channels/${topic}/messages/${messageKey}` }],
    bindings: { kafka: { groupId: { type: 'string', const: group }, bindingVersion: '0.5.0' } },
  };
}
