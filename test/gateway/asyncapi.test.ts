import { Parser } from '@asyncapi/parser';
import { expect, it } from 'vitest';
import { openGateway } from './open-gateway.ts';

it('is a valid AsyncAPI 3 document of the topics, with the schemas of the stages', async () => {
  const { app } = await openGateway();
  const response = await app.inject('/asyncapi.json');
  const { document, diagnostics } = await new Parser().parse(response.body);
  expect(diagnostics.filter(({ severity }) => severity === 0)).toEqual([]);
  expect(document?.version()).toMatch(/^3\./);
  const { channels, operations } = response.json();
  expect(Object.keys(channels)).toEqual([
    'assets.download',
    'assets.download.dlq',
    'assets.upload',
    'assets.upload.dlq',
    'penstock.attempts',
    'penstock.control',
  ]);
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
