import { Readable } from 'node:stream';
import { Agent } from 'undici';
import { PenstockError } from '../../schemas/errors.ts';
import { type DownloadTask, downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import type { TransformTask } from '../../schemas/generated/transform-task.ts';
import { blobKeyOf } from '../blobs/blob-key.ts';
import type { Breakers } from '../middleware/breaker.ts';
import { createBreakers } from '../middleware/breaker.ts';
import { defineStage, type Stage, type StageContext, type Task, to } from '../stage.ts';
import { deadline } from './deadline.ts';
import { parseAllowList } from './fetch/address-guard.ts';
import { checkedBody } from './fetch/checked-body.ts';
import { type FetchedSource, fetchSource } from './fetch/fetch-source.ts';
import { guardedConnector } from './fetch/guarded-connector.ts';
import { judgeHost } from './host-health.ts';
import { nameFromContentDisposition, nameFromUrl, safeName } from './safe-name.ts';
import { cleanMediaType, peek, sniffType } from './sniff.ts';

export interface DownloadOptions {
  /** Hosts, host:port, addresses or CIDRs exempt from the SSRF guard. Default: none. */
  readonly allow?: readonly string[];
  /** Default 1 GiB. */
  readonly maxBytes?: number;
  /** From the first request to the last byte, redirects included. Default 300 000. */
  readonly totalTimeoutMs?: number;
  /** Without a byte, before and after the header. Default 30 000. */
  readonly idleTimeoutMs?: number;
  /** Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** Default 16 KiB. */
  readonly maxHeaderBytes?: number;
  readonly breakers?: Breakers;
}

type Settings = Required<DownloadOptions>;

const sha256Pattern = /^[0-9a-f]{64}$/;

function declaredHash({ sha256 }: DownloadTask): string | null {
  if (sha256 === null) return null;
  const hash = sha256.toLowerCase();
  if (sha256Pattern.test(hash)) return hash;
  throw new PenstockError('PIPE_TASK_SCHEMA_MISMATCH', '/sha256: 64 hexadecimal digits are needed');
}

function nameOf(task: DownloadTask, source: FetchedSource): string {
  if (task.name !== null) return safeName(task.name);
  const given = source.contentDisposition;
  return (given === undefined ? undefined : nameFromContentDisposition(given)) ?? nameFromUrl(task.url);
}

function makeAgent(settings: Settings): Agent {
  return new Agent({
    connect: guardedConnector(parseAllowList(settings.allow), settings.connectTimeoutMs),
    headersTimeout: settings.idleTimeoutMs,
    bodyTimeout: settings.idleTimeoutMs,
    maxHeaderSize: settings.maxHeaderBytes,
  });
}

async function download(
  task: Task<DownloadTask>,
  ctx: StageContext,
  signal: AbortSignal,
  tools: { readonly settings: Settings; readonly dispatcher: Agent },
): Promise<TransformTask> {
  const { settings, dispatcher } = tools;
  const sha256 = declaredHash(task.payload);
  const source = await fetchSource(task.payload.url, { dispatcher, breakers: settings.breakers, signal });
  try {
    const body = await peek(checkedBody(source, { maxBytes: settings.maxBytes, sha256 }));
    const contentType = (await sniffType(body.head)) ?? cleanMediaType(source.contentType);
    const bytes = Readable.from(body.bytes, { objectMode: false });
    const blob = await ctx.blobs.put(blobKeyOf(task), bytes, { contentType, signal });
    return { source: task.payload.url, name: nameOf(task.payload, source), blob };
  } finally {
    // Where nobody read it to its end, the connection would stay open.
    source.body.on('error', () => undefined).destroy();
  }
}

/**
 * Stage `download`: fetches one http or https file into the blob store and hands a transform task on. The blob's key comes
 * from the task's id, so a repeat overwrites. Fails with PIPE_DOWNLOAD_*, PIPE_BLOB_* and PIPE_BREAKER_OPEN.
 */
export function downloadStage(options: DownloadOptions = {}): Stage<DownloadTask> {
  const settings: Settings = {
    allow: [],
    maxBytes: 1024 ** 3,
    totalTimeoutMs: 300_000,
    idleTimeoutMs: 30_000,
    connectTimeoutMs: 10_000,
    maxHeaderBytes: 16_384,
    breakers: createBreakers({ judge: judgeHost }),
    ...options,
  };
  // An agent opens nothing until it is asked, and its idle sockets keep no process alive.
  const dispatcher = makeAgent(settings);
  return defineStage<DownloadTask>({
    name: 'download',
    input: downloadTaskSchema,
    concurrency: 32,
    timeoutMs: settings.totalTimeoutMs + 15_000,
    retry: { attempts: 5, firstDelayMs: 500, maxDelayMs: 30_000 },
    async process(task, ctx) {
      const late = (): Error =>
        new PenstockError('PIPE_DOWNLOAD_TIMEOUT', `not done within ${settings.totalTimeoutMs} ms`);
      const limit = deadline(ctx.signal, settings.totalTimeoutMs, late);
      try {
        return to('transform', await download(task, ctx, limit.signal, { settings, dispatcher }));
      } catch (error) {
        // An abort surfaces as whatever stream noticed it first; its reason is the true cause.
        throw limit.signal.aborted ? limit.signal.reason : error;
      } finally {
        limit.clear();
      }
    },
  });
}
