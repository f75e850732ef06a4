import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { BlobRef, BlobStore } from '../../../processors/blobs/blob-store.ts';
import { openFolderBlobStore } from '../../../processors/blobs/folder-blob-store.ts';
import type { Stage, StageContext, Task } from '../../../processors/stage.ts';
import { PenstockError } from '../../../schemas/errors.ts';

/** A folder that is gone when the test ends. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'penstock-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function makeTask<Payload>(payload: Payload, overrides: Partial<Task<Payload>> = {}): Task<Payload> {
  const id = overrides.id ?? '018f3a1c-7b2e-7c3d-9e4f-5a6b7c8d9e0f';
  const place = { topic: 'assets.test', partition: 0, offset: 0 };
  return { id, pipeline: 'assets', stage: 'test', payload, key: id, attempt: 1, submittedAt: 0, place, ...overrides };
}

export async function makeContext(overrides: Partial<StageContext> = {}): Promise<StageContext> {
  const blobs = overrides.blobs ?? openFolderBlobStore(join(await makeFolder(), 'blobs'));
  return { signal: new AbortController().signal, log: pino({ level: 'silent' }), blobs, progress() {}, ...overrides };
}

/** Runs a stage and gives the payload it hands on; undefined where it hands nothing on. */
export async function runOne<Payload>(stage: Stage<Payload>, task: Task<Payload>, ctx: StageContext): Promise<unknown> {
  if (stage.process === undefined) throw new Error('it is a batch stage');
  const outputs = await stage.process(task, ctx);
  if (outputs === undefined) return undefined;
  if ('payload' in outputs) return outputs.payload;
  if ('result' in outputs) return outputs.result;
  throw new Error('the stage fanned out');
}

export async function putBytes(
  blobs: BlobStore,
  bytes: Uint8Array | string,
  contentType = 'application/octet-stream',
  key = 'test/blob',
): Promise<BlobRef> {
  return blobs.put(key, Readable.from([Buffer.from(bytes)]), { contentType });
}

export async function readAll(blobs: BlobStore, ref: { readonly key: string }): Promise<Buffer> {
  return buffer(await blobs.get(ref.key));
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** The PenstockError with which a promise rejects; fails the test when it resolves or rejects with anything else. */
export async function failureOf(promise: Promise<unknown>): Promise<PenstockError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PenstockError) return error;
  throw error;
}

export interface TestServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

/** A real HTTP server on a free port of 127.0.0.1; it and its connections are gone when the test ends. */
export async function serve(listener: RequestListener): Promise<TestServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, port };
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;
