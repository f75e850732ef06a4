import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PenstockError } from '../../schemas/errors.ts';
import { type TransformTask, transformTaskSchema } from '../../schemas/generated/transform-task.ts';
import type { UploadTask } from '../../schemas/generated/upload-task.ts';
import { blobKeyOf } from '../blobs/blob-key.ts';
import { readBlob } from '../blobs/read-blob.ts';
import { storeFailure } from '../blobs/store-failure.ts';
import { writeBytes } from '../blobs/write-bytes.ts';
import { defineStage, type Stage, type StageContext, type Task, to } from '../stage.ts';
import { type Content, detectContent, isImageType } from './convert/detect-content.ts';
import { defaultTableLimits, type TableLimits } from './convert/limits.ts';
import { createTableWorkers, type TableWorkers } from './convert/table-workers.ts';
import { defaultThumbnailLimits, makeThumbnail, type ThumbnailLimits } from './convert/thumbnail.ts';
import { safeName, withExtension } from './safe-name.ts';
import { createWorkspaces, type Workspaces } from './workspace.ts';

export interface TransformOptions {
  /** Where inputs and tables lie while they are worked on. Default: a folder in the system's temporary one. */
  readonly temporaryFolder?: string;
  readonly table?: Partial<TableLimits>;
  readonly thumbnail?: Partial<ThumbnailLimits>;
  /** Child processes that make tables. Default 2. */
  readonly maxProcesses?: number;
  /** Default 900 000: a table of 500 MB takes a minute or two. */
  readonly timeoutMs?: number;
}

interface Tools {
  readonly workers: TableWorkers;
  readonly workspaces: Workspaces;
  readonly table: TableLimits;
  readonly thumbnail: ThumbnailLimits;
}

/** A converted file, not yet in the blob store. */
interface Converted {
  readonly name: string;
  readonly contentType: string;
  open(): Readable;
}

const headBytes = 64 * 1024;

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headBytes), position: 0 });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function asGzip(task: TransformTask, path: string): Converted {
  // Node writes no name and time 0 into the header: the same input makes the same bytes.
  const gzip = (): Readable => {
    const zipped = createGzip();
    pipeline(createReadStream(path), zipped).catch((error: unknown) => {
      zipped.destroy(error instanceof Error ? error : undefined);
    });
    return zipped;
  };
  return { name: `${safeName(task.name)}.gz`, contentType: 'application/gzip', open: gzip };
}

async function asTable(
  task: TransformTask,
  content: Extract<Content, { kind: 'table' }>,
  inputPath: string,
  tools: Tools,
  signal: AbortSignal,
): Promise<Converted> {
  const outputPath = `${inputPath}.parquet`;
  const job = { format: content.format, inputPath, outputPath, limits: tools.table };
  const result = await tools.workers.run(job, signal);
  if (result.kind === 'table') {
    const name = withExtension(task.name, 'parquet');
    return { name, contentType: 'application/vnd.apache.parquet', open: () => createReadStream(outputPath) };
  }
  const isDamage = result.kind === 'failed' && (content.isCertain || !result.code.endsWith('_BROKEN'));
  if (isDamage) throw new PenstockError(result.code, result.message);
  return asGzip(task, inputPath);
}

async function convert(task: TransformTask, path: string, tools: Tools, signal: AbortSignal): Promise<Converted> {
  const head = await readHead(path);
  const content = await detectContent(
    head,
    { name: task.name, contentType: task.blob.contentType },
    head.length < headBytes,
  );
  switch (content.kind) {
    case 'image': {
      const webp = await makeThumbnail(path, tools.thumbnail);
      return { name: withExtension(task.name, 'webp'), contentType: 'image/webp', open: () => Readable.from([webp]) };
    }
    case 'table':
      return asTable(task, content, path, tools, signal);
    case 'other':
      if (!isImageType(task.blob.contentType)) return asGzip(task, path);
      throw new PenstockError('PIPE_TRANSFORM_NOT_IMAGE', `served as ${task.blob.contentType}, but no image`);
  }
}

async function saveInput(path: string, bytes: Readable, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'wx');
  await writeBytes(file, bytes, { signal }).finally(() => file.close());
}

async function transform(task: Task<TransformTask>, ctx: StageContext, tools: Tools): Promise<UploadTask> {
  const { payload } = task;
  const { signal, blobs } = ctx;
  return tools.workspaces.within(async (folder) => {
    const path = join(folder, 'input');
    await saveInput(path, await readBlob(blobs, payload.blob, signal), signal);
    const converted = await convert(payload, path, tools, signal);
    signal.throwIfAborted();
    const { contentType } = converted;
    const blob = await blobs.put(blobKeyOf(task), converted.open(), { contentType, signal });
    return { source: payload.source, name: converted.name, blob };
  });
}

/**
 * Stage `transform`, by content: CSV and lists of JSON objects become Parquet, images a WebP thumbnail, all else gzip. The
 * same input makes the same bytes. Fails with PIPE_TRANSFORM_* and PIPE_BLOB_*.
 */
export function transformStage(options: TransformOptions = {}): Stage<TransformTask> {
  const tools: Tools = {
    workers: createTableWorkers(options.maxProcesses === undefined ? {} : { maxProcesses: options.maxProcesses }),
    workspaces: createWorkspaces(options.temporaryFolder ?? join(tmpdir(), 'penstock-transform')),
    table: { ...defaultTableLimits, ...options.table },
    thumbnail: { ...defaultThumbnailLimits, ...options.thumbnail },
  };
  return defineStage<TransformTask>({
    name: 'transform',
    input: transformTaskSchema,
    concurrency: 16,
    timeoutMs: options.timeoutMs ?? 900_000,
    async process(task, ctx) {
      try {
        return to('upload', await transform(task, ctx, tools));
      } catch (error) {
        throw ctx.signal.aborted ? ctx.signal.reason : storeFailure(error, 'converting');
      }
    },
  });
}
