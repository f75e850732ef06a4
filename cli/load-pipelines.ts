import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pipeline } from '../processors/pipeline.ts';
import type { Config } from '../schemas/config.ts';
import { messageOf, PenstockError } from '../schemas/errors.ts';

/** `assets`, and every pipeline that the modules export under any name. Rejects with PIPE_MODULE_*, PIPE_CONFIG_INVALID. */
export async function loadPipelines(config: Config, modules: readonly string[] = []): Promise<Pipeline[]> {
  const { assetsPipeline } = await import('../processors/pipelines/assets.ts');
  const { downloadAllow, uploadUrl, s3 } = config;
  const temporaryFolder = join(config.dataDir, 'work');
  const pipelines: Pipeline[] = [assetsPipeline({ downloadAllow, uploadUrl, s3, temporaryFolder })];
  for (const module of modules) pipelines.push(...(await importPipelines(module)));
  const doubled = pipelines.find(({ name }, index) => pipelines.findIndex((other) => other.name === name) !== index);
  if (doubled) throw new PenstockError('PIPE_CONFIG_INVALID', `two pipelines are named “${doubled.name}”`);
  return pipelines;
}

async function importPipelines(path: string): Promise<Pipeline[]> {
  const file = resolve(path);
  if (!existsSync(file)) throw new PenstockError('PIPE_MODULE_NOT_FOUND', `--module ${path}: no such file`);
  const exported = Object.values(await importModule(file, path)).flatMap(unwrapped);
  const found = new Set(exported.flat().filter(isPipeline));
  if (found.size === 0) throw new PenstockError('PIPE_MODULE_EMPTY', `--module ${path} exports no pipeline`);
  return [...found];
}

/** Built JavaScript of ours still takes TypeScript modules of users: by way of tsx. */
async function importModule(file: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const url = pathToFileURL(file).href;
    if (!/\.[cm]?ts$/.test(file)) return await import(url);
    const { tsImport } = await import('tsx/esm/api');
    return await tsImport(url, import.meta.url);
  } catch (error) {
    throw new PenstockError('PIPE_MODULE_FAILED', `--module ${path} cannot be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Without `"type": "module"` near it a TypeScript file is taken for CommonJS: its exports stand under `default`. */
function unwrapped(value: unknown): unknown[] {
  const isExports = typeof value === 'object' && value !== null && !Array.isArray(value) && !isPipeline(value);
  return isExports ? Object.values(value) : [value];
}

/** By shape: a module outside may carry its own copy of our package. */
function isPipeline(value: unknown): value is Pipeline {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'stages' in value &&
    Array.isArray(value.stages) &&
    value.stages.every(isStage)
  );
}

const isStage = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ('process' in value || 'processBatch' in value);

export const moduleFlag = ['--module <file...>', 'modules that export more pipelines'] as const;

/** What `--module` gave. */
export const modulesOf = (flags: { readonly module?: readonly string[] }): readonly string[] => flags.module ?? [];
