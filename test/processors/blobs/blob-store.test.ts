import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobKeyOf, checkBlobKey } from '../../../processors/blobs/blob-key.ts';
import type { BlobStore } from '../../../processors/blobs/blob-store.ts';
import { openBlobStore } from '../../../processors/blobs/open-blob-store.ts';
import { readBlob } from '../../../processors/blobs/read-blob.ts';
import { storeFailure } from '../../../processors/blobs/store-failure.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import { failureOf, makeFolder, putBytes, readAll, sha256 } from '../stages/helpers.ts';
import { useS3Server } from './s3-server.ts';

const s3 = useS3Server();
let prefixes = 0;

const stores: [string, () => Promise<BlobStore>][] = [
  ['folder', async () => openBlobStore(pathToFileURL(join(await makeFolder(), 'new', 'blobs')).href, s3().options)],
  [
    's3',
    async () => {
      prefixes += 1;
      return openBlobStore(`s3://assets/test/${prefixes}`, s3().options);
    },
  ],
];

describe.each(stores)('the %s blob store', (_name, open) => {
  it('gives back what was put, with size and sha256', async () => {
    const store = await open();
    const bytes = randomBytes(300_000);
    const ref = await putBytes(store, bytes, 'text/csv', 'a/b/c.bin');
    expect(ref).toEqual({ key: 'a/b/c.bin', sizeBytes: bytes.length, sha256: sha256(bytes), contentType: 'text/csv' });
    expect((await readAll(store, ref)).equals(bytes)).toBe(true);
  });

  it('takes empty blobs and blobs of several parts', async () => {
    const store = await open();
    expect((await putBytes(store, '', 'x/y', 'empty')).sizeBytes).toBe(0);
    expect(await readAll(store, { key: 'empty' })).toHaveLength(0);
    const part = randomBytes(1024 * 1024);
    const ref = await store.put('large', Readable.from(Array<Buffer>(18).fill(part)), { contentType: 'x/y' });
    expect(ref.sizeBytes).toBe(18 * part.length);
    expect(sha256(await readAll(store, ref))).toBe(ref.sha256);
  });

  it('overwrites', async () => {
    const store = await open();
    await putBytes(store, 'old and longer');
    const ref = await putBytes(store, 'new');
    expect((await readAll(store, ref)).toString()).toBe('new');
  });

  it('knows no blob that was never put, or was deleted', async () => {
    const store = await open();
    expect((await failureOf(store.get('none'))).code).toBe('PIPE_BLOB_NOT_FOUND');
    const ref = await putBytes(store, 'x');
    await store.delete(ref.key);
    await store.delete(ref.key);
    expect((await failureOf(store.get(ref.key))).code).toBe('PIPE_BLOB_NOT_FOUND');
  });

  it('keeps the old bytes when the source fails', async () => {
    const store = await open();
    await putBytes(store, 'old');
    async function* failing(): AsyncGenerator<Buffer> {
      yield randomBytes(9 * 1024 * 1024);
      throw new Error('the source broke');
    }
    const put = store.put('test/blob', Readable.from(failing()), { contentType: 'x/y' });
    await expect(put).rejects.toThrow('the source broke');
    expect((await readAll(store, { key: 'test/blob' })).toString()).toBe('old');
  });

  it('stops at maxBytes', async () => {
    const store = await open();
    const put = store.put('big', Readable.from([Buffer.alloc(11)]), { contentType: 'x/y', maxBytes: 10 });
    expect((await failureOf(put)).code).toBe('PIPE_BLOB_TOO_LARGE');
    expect((await failureOf(store.get('big'))).code).toBe('PIPE_BLOB_NOT_FOUND');
  });

  it('stops when aborted and leaves nothing', async () => {
    const store = await open();
    const controller = new AbortController();
    const chunks = [Buffer.alloc(1000)];
    const endless = new Readable({
      read() {
        const chunk = chunks.shift();
        if (chunk) this.push(chunk);
        else controller.abort(new Error('shutdown'));
      },
    });
    const put = store.put('gone', endless, { contentType: 'x/y', signal: controller.signal });
    await expect(put).rejects.toThrow();
    expect((await failureOf(store.get('gone'))).code).toBe('PIPE_BLOB_NOT_FOUND');
  });

  it.each(['', '/a', 'a/', 'a//b', '../a', 'a/../b', './a', '.tmp/a', 'a\\b', 'a\0', 'é', 'a b', 'a'.repeat(600)])(
    'refuses the key %j',
    async (key) => {
      const store = await open();
      expect((await failureOf(putBytes(store, 'x', 'x/y', key))).code).toBe('PIPE_BLOB_KEY_INVALID');
      expect((await failureOf(store.get(key))).code).toBe('PIPE_BLOB_KEY_INVALID');
    },
  );

  it('shows damage to whoever reads a reference', async () => {
    const store = await open();
    const ref = await putBytes(store, 'right');
    for (const wrong of [{ sha256: '0'.repeat(64) }, { sizeBytes: 4 }, { sizeBytes: 6 }]) {
      const stream = await readBlob(store, { ...ref, ...wrong });
      expect((await failureOf(stream.toArray())).code).toBe('PIPE_BLOB_CORRUPT');
    }
  });
});

describe('the folder blob store', () => {
  const openIn = (folder: string): BlobStore => openBlobStore(pathToFileURL(folder).href, s3().options);

  it('follows no link out of its folder', async () => {
    const [folder, outside] = [await makeFolder(), await makeFolder()];
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'way'));
    await symlink(join(outside, 'secret'), join(folder, 'file'));
    const store = openIn(folder);
    expect((await failureOf(store.get('way/secret'))).code).toBe('PIPE_BLOB_KEY_INVALID');
    expect((await failureOf(putBytes(store, 'x', 'x/y', 'way/new'))).code).toBe('PIPE_BLOB_KEY_INVALID');
    expect((await failureOf(store.get('file'))).code).toBe('PIPE_BLOB_STORE_UNAVAILABLE');
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('sweeps what a killed process left, once it is old, and nothing newer', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, '.tmp'));
    const [old, young] = [join(folder, '.tmp', 'old.penstock-tmp'), join(folder, '.tmp', 'young.penstock-tmp')];
    await Promise.all([writeFile(old, 'x'), writeFile(young, 'x')]);
    await utimes(old, new Date(0), new Date(0));
    await putBytes(openIn(folder), 'x');
    expect(await readdir(join(folder, '.tmp'))).toEqual(['young.penstock-tmp']);
  });

  it('goes on after its folder was emptied under it', async () => {
    const folder = join(await makeFolder(), 'blobs');
    const store = openIn(folder);
    await putBytes(store, 'first');
    await rm(folder, { recursive: true });
    const ref = await putBytes(store, 'second');
    expect((await readAll(store, ref)).toString()).toBe('second');
  });

  it('is not opened by a relative or foreign address', () => {
    for (const url of ['file:blobs', 'http://x/', '/tmp/x']) {
      expect(() => openBlobStore(url, s3().options)).toThrow(PenstockError);
    }
  });
});

describe('an unreachable S3 store', () => {
  it('is a passing failure', async () => {
    const store = openBlobStore('s3://assets', { ...s3().options, endpoint: 'http://127.0.0.1:1' });
    const error = await failureOf(putBytes(store, 'x'));
    expect(error).toMatchObject({ code: 'PIPE_BLOB_STORE_UNAVAILABLE', retryable: true });
  });
});

describe('storeFailure', () => {
  it('says when the disk is full', () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
    expect(storeFailure(full, 'writing')).toMatchObject({ code: 'PIPE_BLOB_STORE_FULL', retryable: true });
  });

  it('leaves a reset of the source to others', () => {
    const reset = Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
    expect(storeFailure(reset, 'writing')).toBe(reset);
  });
});

describe('blobKeyOf', () => {
  it('makes a valid key of any id, and never one key of two ids', () => {
    const ids = fc.uniqueArray(fc.string({ maxLength: 80 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(ids, ([first = '', second = '']) => {
        const keys = [first, second].map((id) => blobKeyOf({ pipeline: 'p', stage: 's', id }));
        for (const key of keys) expect(checkBlobKey(key)).toBe(key);
        expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(2);
      }),
    );
  });
});
