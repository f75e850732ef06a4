import { attemptBatchSchema } from '../../schemas/generated/attempt-batch.ts';
import { controlRecordSchema } from '../../schemas/generated/control-record.ts';
import type { RecordSchema } from '../../schemas/record-schema.ts';
import { attemptsTopic, controlTopic, deadLetterTopic, stageGroup, stageTopic } from '../../topics/names.ts';
import type { CataloguePipeline } from '../catalogue.ts';

const avroFormat = 'application/vnd.apache.avro;version=1.9.0';

/** The header of Penstock’s own; every field is optional on the way in. */
const headers = {
  type: 'object',
  properties: {
    penstock: {
      type: 'string',
      contentMediaType: 'application/json',
      description:
        'What Penstock knows of the task: id, source, at, attempt, notBefore, expiresAt, parent, tenant, trace, replay. Times in epoch ms',
    },
    ce_id: { type: 'string', description: 'CloudEvents; where `penstock` names no id' },
    ce_source: { type: 'string' },
    ce_time: { type: 'string', format: 'date-time' },
    traceparent: { type: 'string', description: 'W3C trace context' },
  },
};

const deadHeaders = {
  type: 'object',
  required: ['penstock-dead'],
  properties: {
    ...headers.properties,
    'penstock-dead': {
      type: 'string',
      contentMediaType: 'application/json',
      description: 'Why: topic, partition, offset, stage, code, message, attempts, firstFailedAt, lastFailedAt',
    },
  },
};

interface Channel {
  readonly topic: string;
  readonly title: string;
  readonly description: string;
  readonly schema: RecordSchema<unknown>;
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
  return stages.flatMap((stage) => [
    {
      topic: stageTopic(name, stage.name),
      title: `Tasks of ${name}.${stage.name}`,
      description: 'Write to it to submit a task. The key orders: tasks of one key run one after another.',
      schema: stage.input,
      headers,
      group: stageGroup(name, stage.name),
    },
    {
      topic: deadLetterTopic(name, stage.name),
      title: `Dead letters of ${name}.${stage.name}`,
      description:
        'Tasks given up: key, value and headers as they came, and the reason. Values may be no valid payload.',
      schema: stage.input,
      headers: deadHeaders,
    },
  ]);
}

const ownChannels: readonly Channel[] = [
  {
    topic: attemptsTopic,
    title: 'History',
    description: 'Every execution of every stage, in batches; feeds the table attempts.',
    schema: attemptBatchSchema,
  },
  {
    topic: controlTopic,
    title: 'Control',
    description: 'What workers obey while they run. Compacted.',
    schema: controlRecordSchema,
  },
];

function channelObject({ topic, title, description, schema, headers: own }: Channel) {
  const message = {
    name: schema.name,
    contentType: 'application/json',
    ...(own && { headers: own }),
    payload: { schemaFormat: avroFormat, schema: schema.avro },
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
