import { cloudEventsType, endStates } from '../../schemas/task-ending.ts';

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };

/** A record of `<pipeline>.done` as JSON Schema: one CloudEvent in structured mode. */
export const doneMessage = {
  name: 'TaskEnding',
  contentType: cloudEventsType,
  json: {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'data'],
    properties: {
      specversion: { type: 'string', const: '1.0' },
      id: { ...text, description: 'Place of the record that ended the task' },
      source: { ...text, description: '/penstock/<pipeline>' },
      type: { type: 'string', enum: endStates.map((state) => `penstock.task.${state}`) },
      subject: { ...text, description: 'Id of the task' },
      time,
      datacontenttype: text,
      data: {
        type: 'object',
        required: ['id', 'pipeline', 'stage', 'state', 'submittedAt', 'finishedAt', 'attempts', 'root'],
        properties: {
          ...{ id: text, pipeline: text, stage: text, tenant: text, parent: text, root: text },
          ...{ submittedAt: time, finishedAt: time },
          state: { type: 'string', enum: endStates },
          attempts: { type: 'integer', minimum: 0 },
          children: { type: 'integer', minimum: 0, description: 'Tasks that it fanned out into' },
          result: { description: 'What its last stage gave as the result' },
          blob: {
            type: 'object',
            properties: { key: text, sizeBytes: { type: 'integer' }, sha256: text, contentType: text },
          },
          error: { type: 'object', properties: { code: text, message: text } },
        },
      },
    },
  },
};
