import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOfToken, parseTokenEntry } from '../../schemas/config/token-entry.ts';
import { loadConfig } from '../../schemas/config.ts';

it('a token alone is an admin, named by its hash', () => {
  const hash = hashOfToken('secret');
  expect(parseTokenEntry('secret')).toEqual({ hash, name: hash.slice(0, 8), roles: ['admin'] });
});

it('reads every field', () => {
  const entry = `sha256:${'a'.repeat(64)}  name=shop roles=submit+read tenant=acme pipelines=assets+orders per-second=50`;
  expect(parseTokenEntry(entry)).toEqual({
    hash: 'a'.repeat(64),
    name: 'shop',
    roles: ['submit', 'read'],
    tenant: 'acme',
    pipelines: ['assets', 'orders'],
    perSecond: 50,
  });
});

it.each([
  ['secret role=read', 'has a field other than name, roles, tenant, pipelines, per-second'],
  ['secret another', 'has a field other than name, roles, tenant, pipelines, per-second'],
  ['secret roles=root', 'has a role other than submit, read, operate, admin'],
  ['secret roles=', 'has a role other than submit, read, operate, admin'],
  ['secret tenant=', 'has a tenant that is empty, too long or not printable'],
  ['secret pipelines=a++b', 'has a pipelines that is empty, too long or not printable'],
  ['secret per-second=0', 'has a per-second that is not a whole number from 1'],
  ['secret name=a name=b', 'has name twice'],
  ['sha256:abc', 'has a hash that is not sha256: and 64 hexadecimal digits'],
  ['sécret', 'has a token that is not printable ASCII'],
])('refuses %j', (entry, message) => {
  expect(() => parseTokenEntry(entry)).toThrow(new Error(message));
});

it('a wrong entry never shows its text, nor opens anything', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (junk) => {
      try {
        expect(parseTokenEntry(`sekret-7 ${junk}`).hash).toBe(hashOfToken('sekret-7'));
      } catch (error) {
        expect(String(error)).not.toContain('sekret-7');
      }
    }),
  );
});

it('the configuration tells which entry is wrong, and not what stands there', () => {
  expect(() => loadConfig({ PENSTOCK_TOKENS: 'good, sekret roles=root' })).toThrow(
    /PENSTOCK_TOKENS at place 2 has a role other than (?!.*sekret)/,
  );
});
