import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBreakers } from '../../../processors/middleware/breaker.ts';
import { type DownloadOptions, downloadStage } from '../../../processors/stages/download.ts';
import { judgeHost } from '../../../processors/stages/host-health.ts';
import type { DownloadTask } from '../../../schemas/generated/download-task.ts';
import type { TransformTask } from '../../../schemas/generated/transform-task.ts';
import { failureOf, makeContext, makeTask, readAll, runOne, serve, sha256 } from './helpers.ts';

const body = Buffer.from('a,b\n1,2\n');

/** Downloads with the loopback allowed unless told otherwise. */
async function download(task: Partial<DownloadTask> & { url: string }, options: DownloadOptions = {}, id = 't-1') {
  const ctx = await makeContext();
  const stage = downloadStage({ allow: ['127.0.0.1'], ...options });
  const payload = { sha256: null, name: null, ...task };
  const output = (await runOne(stage, makeTask(payload, { id, stage: 'download' }), ctx)) as TransformTask;
  return { output, bytes: await readAll(ctx.blobs, output.blob) };
}

const failing = (task: Partial<DownloadTask> & { url: string }, options: DownloadOptions = {}) =>
  failureOf(download(task, options));

describe('a download', () => {
  it('stores the bytes with size, hash and type, and names the next task', async () => {
    const { url } = await serve((_request, response) => response.setHeader('content-type', 'Text/CSV; x=y').end(body));
    const { output, bytes } = await download({ url: `${url}/dir/some%20file.csv?sig=1`, sha256: sha256(body) });
    expect(bytes.equals(body)).toBe(true);
    expect(output).toEqual({
      source: `${url}/dir/some%20file.csv?sig=1`,
      name: 'some-file.csv',
      blob: {
        key: expect.stringMatching(/^assets\/download\/[0-9a-f]{2}\/t-1$/),
        sizeBytes: body.length,
        sha256: sha256(body),
        contentType: 'text/csv',
      },
    });
  });

  it('believes the bytes before the header, the task before the name in a header', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const { url } = await serve((_request, response) =>
      response.setHeader('content-disposition', 'attachment; filename="../x.png"').end(png),
    );
    expect((await download({ url })).output).toMatchObject({ name: 'x.png', blob: { contentType: 'image/png' } });
    expect((await download({ url, name: '../../mine.png' })).output.name).toBe('mine.png');
  });

  it('overwrites its own blob, and keeps ids that are no plain names apart', async () => {
    const { url } = await serve((_request, response) => response.end(body));
    const keys = await Promise.all(
      ['a', 'a', 'A', '../../a'].map(async (id) => (await download({ url }, {}, id)).output.blob.key),
    );
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
    expect(keys.every((key) => /^assets\/download\/[0-9a-f]{2}\/[a-z0-9.]+$/.test(key))).toBe(true);
  });

  it('asks for no compression and follows five redirects', async () => {
    const { url } = await serve((request, response) => {
      const hop = Number(request.url?.slice(1) || '0');
      if (request.headers['accept-encoding'] !== 'identity') response.statusCode = 500;
      else if (hop < 5) response.writeHead(302, { location: `/${hop + 1}` });
      response.end(body);
    });
    expect((await download({ url })).bytes.equals(body)).toBe(true);
  });

  it('takes chunked answers and empty ones', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/chunks') response.write(body);
      response.end();
    });
    expect((await download({ url: `${url}/chunks` })).bytes.equals(body)).toBe(true);
    expect((await download({ url: `${url}/empty` })).bytes).toHaveLength(0);
  });
});

describe('a status', () => {
  it.each([
    [404, 'PIPE_DOWNLOAD_NOT_FOUND', false],
    [410, 'PIPE_DOWNLOAD_NOT_FOUND', false],
    [401, 'PIPE_DOWNLOAD_FORBIDDEN', false],
    [403, 'PIPE_DOWNLOAD_FORBIDDEN', false],
    [400, 'PIPE_DOWNLOAD_REFUSED', false],
    [204, 'PIPE_DOWNLOAD_REFUSED', false],
    [206, 'PIPE_DOWNLOAD_REFUSED', false],
    [304, 'PIPE_DOWNLOAD_REFUSED', false],
    [408, 'PIPE_DOWNLOAD_UNAVAILABLE', true],
    [425, 'PIPE_DOWNLOAD_UNAVAILABLE', true],
    [429, 'PIPE_DOWNLOAD_UNAVAILABLE', true],
    [500, 'PIPE_DOWNLOAD_UNAVAILABLE', true],
    [503, 'PIPE_DOWNLOAD_UNAVAILABLE', true],
  ])('%i is %s', async (status, code, retryable) => {
    const { url } = await serve((_request, response) => response.writeHead(status).end());
    expect(await failing({ url })).toMatchObject({ code, retryable });
  });

  it('with Retry-After says how long to wait, at most five minutes', async () => {
    const { url } = await serve((request, response) =>
      response.writeHead(429, { 'retry-after': request.url?.slice(1) ?? '' }).end(),
    );
    expect((await failing({ url: `${url}/7` })).afterMs).toBe(7000);
    expect((await failing({ url: `${url}/99999` })).afterMs).toBe(300_000);
    expect((await failing({ url: `${url}/soon` })).afterMs).toBeUndefined();
  });

  it('in a message never shows the query', async () => {
    const { url } = await serve((_request, response) => response.writeHead(404).end());
    const error = await failing({ url: `${url}/a?sig=hidden` });
    expect(JSON.stringify([error.message, error.context])).not.toContain('hidden');
  });
});

describe('a broken answer', () => {
  it('cut short of its length is worth another try', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write(body, () => response.destroy());
    });
    expect(await failing({ url })).toMatchObject({ code: 'PIPE_DOWNLOAD_TRUNCATED', retryable: true });
  });

  it('cut short between chunks too', async () => {
    const { url } = await serve((_request, response) => void response.write(body, () => response.destroy()));
    expect((await failing({ url })).code).toBe('PIPE_DOWNLOAD_TRUNCATED');
  });

  it('with another hash is dead, if it is whole', async () => {
    const { url } = await serve((_request, response) => response.end(body));
    const error = await failing({ url, sha256: '0'.repeat(64) });
    expect(error).toMatchObject({ code: 'PIPE_DOWNLOAD_CHECKSUM', retryable: false });
  });

  it('with another hash is worth another try, if its end cannot be told from a cut', async () => {
    const { url } = await serve((_request, response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { connection: 'close' });
      response.end(body);
    });
    const error = await failing({ url, sha256: '0'.repeat(64) });
    expect(error.code).toBe('PIPE_DOWNLOAD_TRUNCATED');
  });

  it('reset before its header is worth another try', async () => {
    const { url } = await serve((request) => request.socket.destroy());
    expect((await failing({ url })).code).toBe('PIPE_DOWNLOAD_UNAVAILABLE');
  });

  it('that stalls ends by the idle limit, before and after its header', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/body') response.write(body);
    });
    const options = { idleTimeoutMs: 300 };
    expect((await failing({ url: `${url}/header` }, options)).code).toBe('PIPE_DOWNLOAD_TIMEOUT');
    expect((await failing({ url: `${url}/body` }, options)).code).toBe('PIPE_DOWNLOAD_TIMEOUT');
  });

  it('that drips for ever ends by the total limit', async () => {
    const { url } = await serve((_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    expect((await failing({ url }, { totalTimeoutMs: 400 })).code).toBe('PIPE_DOWNLOAD_TIMEOUT');
  });

  it('that is compressed is refused, so that no bomb is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const { url } = await serve((_request, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    expect((await failing({ url })).code).toBe('PIPE_DOWNLOAD_ENCODED');
  });

  it('that is too large is refused, announced or not', async () => {
    const large = Buffer.alloc(100_000);
    const { url } = await serve((request, response) => {
      if (request.url === '/chunks') response.write(large);
      response.end(large);
    });
    const options = { maxBytes: 50_000 };
    expect((await failing({ url }, options)).code).toBe('PIPE_DOWNLOAD_TOO_LARGE');
    expect((await failing({ url: `${url}/chunks` }, options)).code).toBe('PIPE_DOWNLOAD_TOO_LARGE');
  });

  it('with a huge header is refused', async () => {
    const { url } = await serve((_request, response) => response.setHeader('x-big', 'x'.repeat(40_000)).end(body));
    expect((await failing({ url })).code).toBe('PIPE_DOWNLOAD_TOO_LARGE');
  });
});

describe('redirects', () => {
  it.each([
    ['in a loop', '/a', 'PIPE_DOWNLOAD_REDIRECT'],
    ['without end', '/more', 'PIPE_DOWNLOAD_REDIRECT'],
    ['to nowhere', '/nowhere', 'PIPE_DOWNLOAD_REDIRECT'],
    ['to a file', '/file', 'PIPE_DOWNLOAD_URL_INVALID'],
    ['with credentials', '/login', 'PIPE_DOWNLOAD_URL_INVALID'],
    ['to the metadata service', '/metadata', 'PIPE_DOWNLOAD_ADDRESS_REFUSED'],
  ])('%s are refused', async (_what, path, code) => {
    let count = 0;
    const targets: Record<string, string> = {
      '/a': '/b',
      '/b': '/a',
      '/file': 'file:///etc/passwd',
      '/login': 'http://user:secret@127.0.0.1/',
      '/metadata': 'http://169.254.169.254/latest/meta-data/',
    };
    const { url } = await serve((request, response) => {
      count += 1;
      const location = request.url?.startsWith('/more') ? `/more${count}` : targets[request.url ?? ''];
      response.writeHead(302, location === undefined ? {} : { location }).end();
    });
    expect(await failing({ url: `${url}${path}` })).toMatchObject({ code, retryable: false });
    expect(count).toBeLessThanOrEqual(6);
  });

  it('from an allowed host to a loopback port that is not allowed are refused', async () => {
    const secret = await serve((_request, response) => response.end('secret'));
    const { url, host } = await serve((_request, response) => response.writeHead(302, { location: secret.url }).end());
    expect((await failing({ url }, { allow: [host] })).code).toBe('PIPE_DOWNLOAD_ADDRESS_REFUSED');
  });
});

describe('the guard', () => {
  it.each(['http://127.0.0.1', 'http://localhost', 'http://[::1]', 'http://[::ffff:127.0.0.1]', 'http://127.1'])(
    'keeps %s from being asked',
    async (address) => {
      let asked = false;
      const { port } = await serve((_request, response) => {
        asked = true;
        response.end(body);
      });
      const error = await failing({ url: `${address}:${port}/` }, { allow: [] });
      expect(error).toMatchObject({ code: 'PIPE_DOWNLOAD_ADDRESS_REFUSED', retryable: false });
      expect(asked).toBe(false);
    },
  );

  it('lets a name pass whose address is in an allowed range', async () => {
    const { port } = await serve((_request, response) => response.end(body));
    const { bytes } = await download({ url: `http://localhost:${port}/` }, { allow: ['127.0.0.0/8', '::1'] });
    expect(bytes.equals(body)).toBe(true);
  });
});

describe('a download that ends early', () => {
  it('by the signal rejects with its reason and leaves no blob', async () => {
    const controller = new AbortController();
    const { url } = await serve((_request, response) => {
      response.write(body, () => controller.abort(new Error('shutdown')));
    });
    const ctx = await makeContext({ signal: controller.signal });
    const task = makeTask({ url, sha256: null, name: null }, { id: 't-9', stage: 'download' });
    const running = runOne(downloadStage({ allow: ['127.0.0.1'] }), task, ctx);
    await expect(running).rejects.toThrow('shutdown');
    await expect(ctx.blobs.get('assets/download/00/t-9')).rejects.toMatchObject({ code: 'PIPE_BLOB_NOT_FOUND' });
  });

  it('by an open breaker costs no request, and says when to come back', async () => {
    let requests = 0;
    const { url } = await serve((_request, response) => {
      requests += 1;
      response.writeHead(500).end();
    });
    const breakers = createBreakers({ judge: judgeHost, volumeThreshold: 3, resetAfterMs: 60_000 });
    onTestFinished(() => breakers.close());
    for (const _try of [1, 2, 3]) {
      expect((await failing({ url }, { breakers })).code).toBe('PIPE_DOWNLOAD_UNAVAILABLE');
    }
    const error = await failing({ url }, { breakers });
    expect(error).toMatchObject({ code: 'PIPE_BREAKER_OPEN', retryable: true });
    expect(error.afterMs).toBeGreaterThan(0);
    expect(requests).toBe(3);
  });
});
