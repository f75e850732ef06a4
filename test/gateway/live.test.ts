import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readServerEvents } from '../../client/server-events.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { emptyStore, openGateway, type TestGatewayOptions } from './open-gateway.ts';

const errorsPath = '/v1/stats/errors?pipeline=assets&window=15m';

async function openLive(options: TestGatewayOptions = {}) {
  const { app } = await openGateway(options);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const open = async (paths: readonly string[], token?: string) => {
    const watch = paths.map((path) => `watch=${encodeURIComponent(path)}`).join('&');
    const answer = await fetch(`http://127.0.0.1:${port}/v1/live?${watch}`, {
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: leaving.signal,
    });
    if (answer.status !== 200 || !answer.body) throw new Error(await answer.text());
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    return readServerEvents(answer.body);
  };
  return { app, open };
}

type Events = Awaited<ReturnType<Awaited<ReturnType<typeof openLive>>['open']>>;

/** The next answer to each path. */
async function answersOf(events: Events, count: number) {
  const answers = new Map<string, { status: number; body: Record<string, unknown> }>();
  while (answers.size < count) {
    const { value, done } = await events.next();
    if (done) throw new Error('the stream has ended');
    const { watch, ...answer } = JSON.parse(value.data);
    if (value.name === 'answer') answers.set(watch, answer);
  }
  return answers;
}

describe('GET /v1/live', () => {
  it('tells what the plain routes answer, failures of theirs among it, over one stream', async () => {
    const { app, open } = await openLive();
    const longest = `/v1/tasks?search=${encodeURIComponent('漢字'.repeat(128))}`;
    const paths = [
      '/v1/pipelines',
      errorsPath,
      '/v1/pipelines/none/stats?window=15m',
      '/v1/stats/workers?window=bad',
      longest,
    ];
    const answers = await answersOf(await open(paths), paths.length);
    expect([...answers.keys()].sort()).toEqual([...paths].sort());
    expect(answers.get('/v1/pipelines')).toEqual({ status: 200, body: (await app.inject('/v1/pipelines')).json() });
    expect(answers.get(errorsPath)).toMatchObject({ status: 200, body: { groups: [] } });
    expect(answers.get(longest)).toMatchObject({ status: 200, body: { tasks: [] } });
    expect(answers.get(paths[2] ?? '')).toMatchObject({ status: 404, body: { code: 'PIPE_PIPELINE_UNKNOWN' } });
    expect(answers.get(paths[3] ?? '')).toMatchObject({ status: 400, body: { code: 'PIPE_GATEWAY_REQUEST_INVALID' } });
  });

  it('lets nothing else be watched, and neither too much nor oddly often', async () => {
    const { app } = await openGateway();
    const refused = [
      ...['/metrics', '/v1/live?watch=/v1/pipelines', '/v1/tasks/x/events', '/v1/pipelines/assets/events', '/v1/sql'],
      ...[
        'http://elsewhere/v1/pipelines',
        '//elsewhere/v1/pipelines',
        '/v1/pipelines/../../metrics',
        '/v1/tasks/x/record',
      ],
      ...['/v1/pipelines?x=%0d%0a y', '/v1/pipelines#x', '', ' /v1/pipelines', '/v1/stats/errors\n'],
    ].map((path) => `watch=${encodeURIComponent(path)}`);
    const many = Array.from({ length: 101 }, (_, n) => `watch=/v1/tasks/${n}`).join('&');
    for (const query of [
      ...refused,
      '',
      'watch=/v1/pipelines&every=1s',
      'watch=/v1/pipelines&watch=/v1/pipelines',
      many,
    ]) {
      const answer = await app.inject(`/v1/live?${query}`);
      expect([answer.statusCode, answer.json().code], query).toEqual([400, 'PIPE_GATEWAY_REQUEST_INVALID']);
    }
  });

  it('needs a token that reads, and tells each tenant its own alone', async () => {
    const seen: unknown[] = [];
    const store = {
      ...emptyStore,
      read: async ({ params }: { params: Readonly<Record<string, unknown>> }) => {
        seen.push(params.tenant);
        return [];
      },
    };
    const { app, open } = await openLive({
      store,
      tokens: 'all, s roles=submit, a roles=read tenant=a, b roles=read tenant=b',
    });
    expect((await app.inject('/v1/live?watch=/v1/pipelines')).statusCode).toBe(401);
    await expect(open(['/v1/pipelines'], 's')).rejects.toThrow('PIPE_GATEWAY_FORBIDDEN');
    const streams = await Promise.all(['all', 'a', 'b'].map((token) => open([errorsPath, '/v1/stats/workers'], token)));
    const [all, a, b] = await Promise.all(streams.map((events) => answersOf(events, 2)));
    expect(all?.get('/v1/stats/workers')?.status).toBe(200);
    for (const bound of [a, b]) expect(bound?.get('/v1/stats/workers')?.body.code).toBe('PIPE_GATEWAY_FORBIDDEN');
    expect(a?.get(errorsPath)?.body.sql).toContain("'a'");
    expect(b?.get(errorsPath)?.body.sql).toContain("'b'");
    expect(new Set(seen)).toEqual(new Set([undefined, 'a', 'b']));
  });

  it('ends when its token is revoked, and when the gateway closes', async () => {
    const tokensFile = join(makeTempDir(), 'tokens');
    await writeFile(tokensFile, 'one roles=read\nother roles=read\n');
    const { app, open } = await openLive({ tokensFile });
    await expect
      .poll(
        async () => (await app.inject({ url: '/v1/pipelines', headers: { authorization: 'Bearer one' } })).statusCode,
      )
      .toBe(200);
    const [one, other] = [await open(['/v1/pipelines'], 'one'), await open(['/v1/pipelines'], 'other')];
    await Promise.all([answersOf(one, 1), answersOf(other, 1)]);
    await writeFile(tokensFile, 'other roles=read\n');
    for await (const { name } of one) expect(name).toBe('same');
    expect((await other.next()).done).toBe(false);
    const rest = other.next();
    await app.close();
    await rest;
  });
});
