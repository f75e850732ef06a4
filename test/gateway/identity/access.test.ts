import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../gateway/history/history.ts';
import { checkExposure } from '../../../gateway/plugins/host-guard.ts';
import { hashOfToken } from '../../../schemas/config/token-entry.ts';
import { idempotentId } from '../../../schemas/task-id.ts';
import { makeTempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { collectLog, emptyHistory, openGateway, post, task, tasksUrl } from '../open-gateway.ts';

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('roles', () => {
  const tokens = 's roles=submit, r roles=read, o roles=operate, a roles=admin, both roles=submit+read, plain';
  const cases: readonly [token: string, submits: number, reads: number][] = [
    ['s', 202, 403],
    ['r', 403, 200],
    ['o', 403, 200],
    ['a', 202, 200],
    ['both', 202, 200],
    ['plain', 202, 200],
  ];

  it.each(cases)('%s: submit %i, read %i', async (token, submits, reads) => {
    const { app } = await openGateway({ tokens });
    expect((await post(app, task, { headers: bearer(token) })).statusCode).toBe(submits);
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer(token) })).statusCode).toBe(reads);
    expect((await app.inject({ url: '/v1/tasks', headers: bearer(token) })).statusCode).toBe(reads);
    expect((await app.inject({ url: '/metrics', headers: bearer(token) })).statusCode).toBe(reads);
  });

  it('a 403 names the role, as a problem', async () => {
    const { app } = await openGateway({ tokens });
    const response = await post(app, task, { headers: bearer('r') });
    expect(response.json()).toMatchObject({
      code: 'PIPE_GATEWAY_FORBIDDEN',
      detail: 'the token lacks the role submit',
    });
  });

  it('a route that names no role is for admins alone', async () => {
    const { app } = await openGateway({ tokens });
    app.get('/test-only', async () => 'secret');
    expect((await app.inject({ url: '/test-only', headers: bearer('o') })).statusCode).toBe(403);
    expect((await app.inject({ url: '/test-only', headers: bearer('a') })).statusCode).toBe(200);
  });

  it('a hash opens to its token, and not to itself', async () => {
    const hash = `sha256:${hashOfToken('the-token')}`;
    const { app } = await openGateway({ tokens: `${hash} roles=read` });
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer('the-token') })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer(hash) })).statusCode).toBe(401);
  });
});

describe('a token bound to a tenant', () => {
  const tokens = 't roles=submit+read tenant=acme';

  it('submits as that tenant, also when it does not say so', async () => {
    const { app, broker } = await openGateway({ tokens });
    for (const url of [tasksUrl, `${tasksUrl}?tenant=acme`]) {
      expect((await post(app, task, { url, headers: bearer('t') })).statusCode).toBe(202);
    }
    const tenants = broker.of('assets.download').map(({ headers }) => JSON.parse(String(headers?.penstock)).tenant);
    expect(tenants).toEqual(['acme', 'acme']);
  });

  it('may not name another', async () => {
    const { app, broker } = await openGateway({ tokens });
    const response = await post(app, task, { url: `${tasksUrl}?tenant=other`, headers: bearer('t') });
    expect(response.statusCode).toBe(403);
    expect(broker.sent).toHaveLength(0);
  });

  it('has idempotency keys of its own', async () => {
    const { app } = await openGateway({ tokens: `${tokens}, free` });
    const headers = { 'idempotency-key': 'k' };
    const bound = (await post(app, task, { headers: { ...headers, ...bearer('t') } })).json();
    const free = (await post(app, { ...task, name: 'x' }, { headers: { ...headers, ...bearer('free') } })).json();
    expect(bound.id).toBe(idempotentId('acme', 'assets', 'k'));
    expect(free.id).toBe(idempotentId(undefined, 'assets', 'k'));
  });

  it('asks the history for its own tasks alone', async () => {
    const scopes: Scope[] = [];
    const history = {
      ...emptyHistory,
      task: async (_id: string, scope: Scope) => {
        scopes.push(scope);
        return undefined;
      },
      tasks: async ({ scope }: { scope: Scope }) => {
        scopes.push(scope);
        return [];
      },
    };
    const { app } = await openGateway({ tokens: `${tokens} pipelines=assets, free`, history });
    await app.inject({ url: '/v1/tasks/x', headers: bearer('t') });
    await app.inject({ url: '/v1/tasks', headers: bearer('t') });
    await app.inject({ url: '/v1/tasks', headers: bearer('free') });
    expect(scopes).toEqual([{ tenant: 'acme', pipelines: ['assets'] }, { tenant: 'acme', pipelines: ['assets'] }, {}]);
  });
});

describe('a token bound to pipelines', () => {
  it('does not know others', async () => {
    const { app } = await openGateway({ tokens: 't pipelines=orders, u pipelines=orders+assets' });
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer('t') })).json()).toEqual({ pipelines: [] });
    expect((await app.inject({ url: '/v1/pipelines/assets', headers: bearer('t') })).statusCode).toBe(404);
    const refused = await post(app, task, { headers: bearer('t') });
    expect(refused.statusCode).toBe(404);
    expect(refused.json().detail).not.toContain('assets,');
    expect((await post(app, task, { headers: bearer('u') })).statusCode).toBe(202);
  });
});

describe('a tokens file', () => {
  const write = (path: string, text: string) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };

  it('is read again when it changes: a revoked token fails, a new one opens', async () => {
    const path = join(makeTempDir(), 'tokens');
    write(path, '# two of them\nfirst roles=read\nsecond roles=read\n');
    const { app } = await openGateway({ tokensFile: path });
    const status = async (token: string) =>
      (await app.inject({ url: '/v1/pipelines', headers: bearer(token) })).statusCode;
    expect([await status('first'), await status('second'), await status('third')]).toEqual([200, 200, 401]);
    write(path, 'second roles=read\nthird roles=read\n');
    await until('first to be revoked', async () => (await status('first')) === 401 || undefined);
    expect([await status('second'), await status('third')]).toEqual([200, 200]);
    write(path, '');
    await until('all to be revoked', async () => (await status('second')) === 401 || undefined);
    expect((await app.inject('/v1/pipelines')).statusCode).toBe(401);
  });

  it('with an entry that is wrong keeps the others, and tells which', async () => {
    const path = join(makeTempDir(), 'tokens');
    write(path, 'first\n');
    const { logger, lines } = collectLog();
    const { app } = await openGateway({ tokensFile: path, logger });
    write(path, 'second secret-of-mine\nthird\n');
    const line = await until('the complaint', () => lines.find(({ level }) => level === 50));
    expect(JSON.stringify(line)).toContain('entry 1');
    expect(JSON.stringify(lines)).not.toMatch(/\bsecond secret|secret-of-mine|third/);
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer('third') })).statusCode).toBe(200);
    expect((await app.inject({ url: '/v1/pipelines', headers: bearer('second') })).statusCode).toBe(401);
  });

  it('that is empty opens to nobody, and may listen anywhere', async () => {
    const path = join(makeTempDir(), 'tokens');
    write(path, '# none yet\n');
    const { app } = await openGateway({ tokensFile: path });
    expect((await app.inject('/v1/pipelines')).statusCode).toBe(401);
    expect(() => checkExposure('0.0.0.0', { tokens: [], tokensFile: path })).not.toThrow();
    expect(() => checkExposure('0.0.0.0', { tokens: [] })).toThrow(/without tokens/);
  });
});

describe('a rate', () => {
  it('holds its own token back, with Retry-After, and nobody else', async () => {
    const { app } = await openGateway({ tokens: 'slow per-second=1, quick' });
    const refused = await until('a 429', async () => {
      const response = await post(app, task, { headers: bearer('slow') });
      return response.statusCode === 429 ? response : undefined;
    });
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toMatchObject({ code: 'PIPE_GATEWAY_RATE_LIMITED', status: 429 });
    expect((await post(app, task, { headers: bearer('quick') })).statusCode).toBe(202);
    await until('the next second', async () => {
      const { statusCode } = await post(app, task, { headers: bearer('slow') });
      return statusCode === 202 || undefined;
    });
  });
});

describe('the audit log', () => {
  it('names who wrote what, with which end, and no token', async () => {
    const { logger, lines } = collectLog();
    const { app } = await openGateway({ tokens: 'tok-1 name=shop roles=submit, tok-2 name=clerk roles=read', logger });
    await post(app, task, { headers: bearer('tok-1') });
    await post(app, task, { headers: bearer('tok-2') });
    await post(app, task, { headers: bearer('stolen') });
    await app.inject({ url: '/v1/pipelines', headers: bearer('tok-2') });
    const audits = lines.flatMap(({ audit }) => (audit ? [audit] : []));
    const common = { method: 'POST', route: '/v1/pipelines/:pipeline/tasks' };
    expect(audits).toMatchObject([
      { ...common, by: 'shop', status: 202, params: { pipeline: 'assets' } },
      { ...common, by: 'clerk', status: 403 },
      { ...common, by: 'unknown', status: 401 },
    ]);
    const requests = lines.flatMap(({ audit, reqId }) => (audit ? [reqId] : []));
    expect(requests).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
    expect(new Set(requests).size).toBe(3);
    expect(JSON.stringify(lines)).not.toMatch(/tok-1|tok-2|stolen|files\.example/);
  });
});

describe('a page of another origin', () => {
  it('is told nothing by CORS', async () => {
    const { app } = await openGateway();
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await app.inject({ method: 'OPTIONS', url: tasksUrl, headers });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(response.statusCode).toBe(403);
  });

  it('cannot write to a gateway without tokens', async () => {
    const { app, broker } = await openGateway();
    const response = await post(app, task, { headers: { origin: 'https://evil.example' } });
    expect(response.statusCode).toBe(403);
    expect(response.json().code).toBe('PIPE_GATEWAY_ORIGIN_REFUSED');
    expect((await post(app, task, { headers: { 'sec-fetch-site': 'cross-site' } })).statusCode).toBe(403);
    expect(broker.sent).toHaveLength(0);
    expect(
      (await post(app, task, { headers: { origin: 'http://localhost:80', host: 'localhost:80' } })).statusCode,
    ).toBe(202);
  });
});

it('every answer forbids framing, sniffing and storing', async () => {
  const { app } = await openGateway();
  for (const url of ['/health/live', '/v1/nothing', '/v1/tasks/x', '/openapi.json']) {
    expect((await app.inject(url)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    });
  }
});
