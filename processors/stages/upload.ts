import { PenstockError } from '../../schemas/errors.ts';
import { type UploadTask, uploadTaskSchema } from '../../schemas/generated/upload-task.ts';
import { readBlob } from '../blobs/read-blob.ts';
import type { S3Options } from '../blobs/s3-client.ts';
import { type Breakers, createBreakers } from '../middleware/breaker.ts';
import { defineStage, result, type Stage } from '../stage.ts';
import { deadline } from './deadline.ts';
import { openTarget } from './deliver/open-target.ts';
import { judgeHost } from './host-health.ts';
import { objectName } from './safe-name.ts';

export interface UploadOptions {
  /** `file:///folder`, `s3://bucket/prefix` or `http(s)://host/prefix` (PUT). */
  readonly uploadUrl: string;
  readonly s3: S3Options;
  /** For one object, verification included. Default 300 000. */
  readonly totalTimeoutMs?: number;
  /** HTTP: without an answer or a byte. Default 60 000. */
  readonly idleTimeoutMs?: number;
  readonly breakers?: Breakers;
}

/**
 * Stage `upload`: puts the blob where it belongs under a name made from the task's name and id: a repeat overwrites its own
 * object with the same bytes. The last stage: its result names the object and has the blob. Fails with PIPE_UPLOAD_*, PIPE_BLOB_* and PIPE_BREAKER_OPEN.
 */
export function uploadStage(options: UploadOptions): Stage<UploadTask> {
  const { totalTimeoutMs = 300_000, idleTimeoutMs = 60_000 } = options;
  const breakers = options.breakers ?? createBreakers({ judge: judgeHost });
  const target = openTarget(options.uploadUrl, options.s3, idleTimeoutMs);
  return defineStage<UploadTask>({
    name: 'upload',
    input: uploadTaskSchema,
    timeoutMs: totalTimeoutMs + 15_000,
    retry: { attempts: 5, firstDelayMs: 500, maxDelayMs: 30_000 },
    async process(task, ctx) {
      const { blob, name } = task.payload;
      const late = (): Error => new PenstockError('PIPE_UPLOAD_UNAVAILABLE', `not done within ${totalTimeoutMs} ms`);
      const { signal, clear } = deadline(ctx.signal, totalTimeoutMs, late);
      const object = objectName(task.id, name);
      const deliver = async (): Promise<void> => {
        const bytes = await readBlob(ctx.blobs, blob, signal);
        await target.put({ name: object, blob }, bytes, signal);
      };
      try {
        await (target.host === undefined ? deliver() : breakers.withBreaker(target.host, deliver));
        const { sizeBytes, sha256, contentType } = blob;
        return result({ name: object, sizeBytes, sha256, contentType }, { blob });
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        clear();
      }
    },
  });
}
