import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadDashboardFiles } from '../../../gateway/dashboard/dashboard-files.ts';
import { pagePaths } from '../../../gateway/dashboard/page-paths.ts';
import { openGateway } from '../open-gateway.ts';

const maxGzippedBytes = 60 * 1024;

describe('the dashboard', () => {
  it('is served at each of its paths, without a token, under a policy that lets nothing inline or foreign run', async () => {
    const { app } = await openGateway({ tokens: 'secret roles=read' });
    const overview = await app.inject('/');
    for (const path of Object.values(pagePaths)) {
      const answer = await app.inject(path.replaceAll(/:\w+/g, 'some%2Fthing'));
      expect(answer.statusCode, path).toBe(200);
      expect(answer.body).toBe(overview.body);
    }
    expect(overview.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    const policy = String(overview.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(overview.body).not.toMatch(/https?:|style=|<script>|<style/);
  });

  it('names its files by their content, and lets them be kept', async () => {
    const { app } = await openGateway();
    const page = await app.inject('/');
    const names = [...page.body.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)].map(([, name]) => name ?? '');
    expect(names).toHaveLength(3);
    for (const url of names) {
      const plain = await app.inject(url);
      expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
      expect(packed.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
      const again = await app.inject({ url, headers: { 'if-none-match': String(plain.headers.etag) } });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    expect((await app.inject('/dashboard/other.js')).statusCode).toBe(404);
    expect((await app.inject('/no-such-page')).statusCode).toBe(404);
  });

  it('weighs 60 KiB at most on its way', async () => {
    const files = await loadDashboardFiles();
    const bytes = [...files.values()].reduce((sum, { gzipped }) => sum + gzipped.length, 0);
    expect(bytes).toBeLessThanOrEqual(maxGzippedBytes);
  });
});

describe('GET /v1/identity', () => {
  it('says what a token may do, whatever its role, and nothing without one', async () => {
    const { app } = await openGateway({
      tokens: 't name=shop roles=submit tenant=acme pipelines=assets, o roles=operate',
    });
    const ask = (token: string) => app.inject({ url: '/v1/identity', headers: { authorization: `Bearer ${token}` } });
    expect((await ask('t')).json()).toMatchObject({
      ...{ name: 'shop', roles: ['submit'], tenant: 'acme', pipelines: ['assets'], withTokens: true },
    });
    expect((await ask('o')).json().roles).toEqual(['read', 'operate']);
    expect((await ask('wrong')).statusCode).toBe(401);
    expect((await app.inject('/v1/identity')).statusCode).toBe(401);
    const open = await openGateway();
    expect((await open.app.inject('/v1/identity')).json()).toMatchObject({ withTokens: false, name: 'anybody' });
  });
});
