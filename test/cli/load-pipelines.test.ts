import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPipelines } from '../../cli/load-pipelines.ts';
import { loadConfig } from '../../schemas/config.ts';

const ours = pathToFileURL(join(import.meta.dirname, '../../processors/index.ts')).href;
const pipelineOf = (name: string, method: string): string => `
import { avroSchema, defineStage, definePipeline } from '${ours}';
const input = avroSchema({ type: 'record', name: 'N', fields: [{ name: 'n', type: 'long' }] });
export const ${name} = definePipeline({ name: '${name}', stages: [defineStage({ name: 'work', input, ${method} })] });
`;

describe('--module', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'load-pipelines-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['single', 'process: () => undefined'],
    ['batched', 'processBatch: () => undefined'],
  ])('takes a pipeline whose stage is %s', async (name, method) => {
    const path = join(folder, `${name}.ts`);
    await writeFile(path, pipelineOf(name, method));
    const found = await loadPipelines(loadConfig({}), [path]);
    expect(found.map((pipeline) => pipeline.name)).toContain(name);
  });
});
