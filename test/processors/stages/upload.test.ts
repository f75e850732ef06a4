import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { BlobRef } from '../../../processors/blobs/blob-store.ts';
import type { StageContext } from '../../../processors/stage.ts';
import { objectName } from '../../../processors/stages/safe-name.ts';
import { uploadStage } from '../../../processors/stages/upload.ts';
import { useS3Server } from '../blobs/s3-server.ts';
import { failureOf, makeContext, makeFolder, makeTask, putBytes, runOne, serve, sha256 } from './helpers.ts';

const s3 = useS3Server();
const bytes = Buffer.from('the object\n'.repeat(100));
const name = 'a.txt';

interface Given {
  readonly ctx: StageContext;
  readonly blob: BlobRef;
}

async function given(overrides: Partial<BlobRef> = {}): Promise<Given> {
  const ctx = await makeContext();
  return { ctx, blob: { ...(await putBytes(ctx.blobs, bytes, 'text/plain')), ...overrides } };
}

function upload(uploadUrl: string, { ctx, blob }: Given, id = 't-1', idleTimeoutMs = 5000): Promise<unknown> {
  const stage = uploadStage({ uploadUrl, s3: s3().options, idleTimeoutMs });
  return runOne(stage, makeTask({ source: 'http://x/', name, blob }, { id }), ctx);
}

describe('into a folder', () => {
  it('one task makes one object, however often it runs; two tasks make two', async () => {
    const folder = join(await makeFolder(), 'out');
    const url = pathToFileURL(folder).href;
    const blob = await given();
    await upload(url, blob);
    await upload(url, blob);
    expect(await readdir(folder)).toEqual([objectName('t-1', name)]);
    expect((await readFile(join(folder, objectName('t-1', name)))).equals(bytes)).toBe(true);
    await upload(url, blob, 't-2');
    expect((await readdir(folder)).sort()).toEqual([objectName('t-1', name), objectName('t-2', name)].sort());
  });

  it('a wrong checksum leaves the old object and nothing else', async () => {
    const folder = await makeFolder();
    const url = pathToFileURL(folder).href;
    await upload(url, await given());
    const error = await failureOf(upload(url, await given({ sha256: '0'.repeat(64) })));
    expect(error.code).toBe('PIPE_BLOB_CORRUPT');
    expect(await readdir(folder)).toEqual([objectName('t-1', name)]);
    expect((await readFile(join(folder, objectName('t-1', name)))).equals(bytes)).toBe(true);
  });

  it('a missing or hostile blob is dead', async () => {
    const url = pathToFileURL(await makeFolder()).href;
    expect((await failureOf(upload(url, await given({ key: 'no/such' })))).code).toBe('PIPE_BLOB_NOT_FOUND');
    expect((await failureOf(upload(url, await given({ key: '../x' })))).code).toBe('PIPE_BLOB_KEY_INVALID');
  });

  it('a link at the object’s place is replaced, not followed', async () => {
    const [folder, outside] = [await makeFolder(), await makeFolder()];
    await writeFile(join(outside, 'victim'), 'untouched');
    await symlink(join(outside, 'victim'), join(folder, objectName('t-1', name)));
    await upload(pathToFileURL(folder).href, await given());
    expect((await readFile(join(outside, 'victim'))).toString()).toBe('untouched');
  });

  it('a folder at the object’s place is refused for good', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, objectName('t-1', name), 'x'), { recursive: true });
    const error = await failureOf(upload(pathToFileURL(folder).href, await given()));
    expect(error).toMatchObject({ code: 'PIPE_UPLOAD_REFUSED', retryable: false });
  });

  it('an address of another kind is refused when the stage is made', () => {
    expect(() => uploadStage({ uploadUrl: 'ftp://x/', s3: s3().options })).toThrow('upload address');
  });
});

describe('into S3', () => {
  const client = (): S3Client => {
    const { endpoint, region } = { ...s3().options, endpoint: s3().endpoint };
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
    return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  };

  it('one task makes one object with its hash in the metadata', async () => {
    const blob = await given();
    await upload('s3://assets/out/once', blob);
    await upload('s3://assets/out/once', blob);
    const list = await client().send(new ListObjectsV2Command({ Bucket: 'assets', Prefix: 'out/once/' }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual([`out/once/${objectName('t-1', name)}`]);
    const found = await client().send(
      new GetObjectCommand({ Bucket: 'assets', Key: `out/once/${objectName('t-1', name)}` }),
    );
    expect(found.Metadata?.sha256).toBe(sha256(bytes));
    expect(Buffer.from((await found.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });

  it('a wrong checksum makes no object', async () => {
    const error = await failureOf(upload('s3://assets/out/none', await given({ sha256: '0'.repeat(64) })));
    expect(error.code).toBe('PIPE_BLOB_CORRUPT');
    const list = await client().send(new ListObjectsV2Command({ Bucket: 'assets', Prefix: 'out/none/' }));
    expect(list.KeyCount).toBe(0);
  });

  it('a missing bucket is refused for good', async () => {
    const error = await failureOf(upload('s3://missing', await given()));
    expect(error).toMatchObject({ code: 'PIPE_UPLOAD_REFUSED', retryable: false });
  });
});

describe('by HTTP PUT', () => {
  it('sends length, type and digest, and checks by HEAD', async () => {
    const stored = new Map<string, Buffer>();
    const seen: Record<string, unknown>[] = [];
    const { url } = await serve(async (request, response) => {
      seen.push({ method: request.method, ...request.headers });
      if (request.method === 'PUT') stored.set(request.url ?? '', await buffer(request));
      else response.setHeader('content-length', stored.get(request.url ?? '')?.length ?? 0);
      response.writeHead(request.method === 'PUT' ? 201 : 200).end();
    });
    await upload(`${url.replace('//', '//user:p%40ss@')}/box/?token=1`, await given());
    expect([...stored.keys()]).toEqual([`/box/${objectName('t-1', name)}?token=1`]);
    expect([...stored.values()][0]?.equals(bytes)).toBe(true);
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      'content-length': String(bytes.length),
      'content-type': 'text/plain',
      'content-digest': `sha-256=:${Buffer.from(sha256(bytes), 'hex').toString('base64')}:`,
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    });
    expect(seen[1]?.method).toBe('HEAD');
  });

  it.each([
    [500, 'PIPE_UPLOAD_UNAVAILABLE'],
    [503, 'PIPE_UPLOAD_UNAVAILABLE'],
    [429, 'PIPE_UPLOAD_UNAVAILABLE'],
    [403, 'PIPE_UPLOAD_REFUSED'],
    [413, 'PIPE_UPLOAD_REFUSED'],
    [301, 'PIPE_UPLOAD_REFUSED'],
  ])('the status %i is %s', async (status, code) => {
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(status, { location: '/x' }).end());
    });
    expect((await failureOf(upload(url, await given()))).code).toBe(code);
  });

  it.each([
    ['another size', { 'content-length': '3' }, 200],
    ['another hash', { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }, 200],
    ['another plain hash', { 'x-checksum-sha256': '0'.repeat(64) }, 200],
    ['nothing', {}, 404],
  ])('a target that then holds %s is asked again', async (_what, headers, status) => {
    const { url } = await serve((request, response) => {
      const isPut = request.method === 'PUT';
      request.resume().on('end', () => response.writeHead(isPut ? 200 : status, isPut ? {} : headers).end());
    });
    const error = await failureOf(upload(url, await given()));
    expect(error).toMatchObject({ code: 'PIPE_UPLOAD_CHECKSUM', retryable: true });
  });

  it('a target without HEAD is believed', async () => {
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => response.writeHead(request.method === 'PUT' ? 204 : 405).end());
    });
    expect(await upload(url, await given())).toMatchObject({ contentType: 'text/plain' });
  });

  it('a target that resets or never answers is tried again', async () => {
    const { url } = await serve((request) => {
      if (request.url?.startsWith('/reset')) request.socket.destroy();
    });
    expect((await failureOf(upload(`${url}/reset`, await given()))).code).toBe('PIPE_UPLOAD_UNAVAILABLE');
    const silent = await failureOf(upload(`${url}/silent`, await given(), 't-1', 300));
    expect(silent.code).toBe('PIPE_UPLOAD_UNAVAILABLE');
  });

  it('a damaged blob never arrives whole', async () => {
    let whole = false;
    const { url } = await serve((request) => {
      request.resume().on('end', () => {
        whole = true;
      });
      request.on('error', () => undefined);
    });
    const error = await failureOf(upload(url, await given({ sizeBytes: bytes.length + 1 })));
    expect(error.code).toBe('PIPE_BLOB_CORRUPT');
    expect(whole).toBe(false);
  });
});
