import { Parser } from '@asyncapi/parser';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { type TaskEnding, writeTaskEnding } from '../../schemas/task-ending.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import { openGateway, pipelines } from './open-gateway.ts';

const catalogued = pipelines.map(({ name, stages }) => ({
  name,
  stages: stages.map((stage) => ({ name: stage.name, partitions: 1 })),
}));

const ending: TaskEnding = {
  ...{ id: 'a', pipeline: 'assets', stage: 'upload', state: 'succeeded', attempts: 1, root: 'a' },
  ...{ submittedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:01.000Z', result: { rows: 3 } },
};

it('is a valid AsyncAPI 3 document of the topics, with the schemas of the stages', async () => {
  const { app } = await openGateway();
  const response = await app.inject('/asyncapi.json');
  const { document, diagnostics } = await new Parser().parse(response.body);
  expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
  expect(document?.version()).toMatch(/^3\./);
  const { channels, operations } = response.json();
  expect(Object.keys(channels)).toEqual([
    'assets.download',
    'assets.download.retry.1m',
    'assets.download.dlq',
    'assets.upload',
    'assets.upload.retry.1m',
    'assets.upload.dlq',
    'assets.done',
    'penstock.attempts',
    'penstock.control',
    'penstock.samples',
  ]);
  expect(new Set(Object.keys(channels))).toEqual(new Set(topicsOf(catalogued).map(({ name }) => name)));
  const { payload, contentType } = channels['assets.done'].messages.record;
  expect(contentType).toBe('application/cloudevents+json');
  const value = JSON.parse(writeTaskEnding(ending, 'assets.upload/0/7').toString());
  expect(new Ajv({ formats: { 'date-time': true } }).validate(payload, value)).toBe(true);
  expect(channels['assets.download'].messages.record.payload).toMatchObject({
    schemaFormat: expect.stringContaining('avro'),
    schema: { type: 'record', name: 'DownloadTask' },
  });
  expect(Object.keys(operations)).toHaveLength(2);
});

it('shows a caller its own pipelines alone', async () => {
  const { app } = await openGateway({ tokens: 't pipelines=orders roles=read' });
  const { body } = await app.inject({ url: '/asyncapi.json', headers: { authorization: 'Bearer t' } });
  expect(body).not.toContain('assets');
});
