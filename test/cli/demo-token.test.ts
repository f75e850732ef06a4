import { expect, it } from 'vitest';
import { demoToken } from '../../cli/demo/demo-token.ts';
import { openTokens } from '../../gateway/identity/token-book.ts';
import { hashOfToken } from '../../schemas/config/token-entry.ts';
import { loadConfig } from '../../schemas/config.ts';

it('submits with a token of its own beside hashed ones, which open its gateway too', () => {
  const { token = '', env } = demoToken(loadConfig({ PENSTOCK_TOKENS: `sha256:${hashOfToken('mine')} roles=read` }));
  const book = openTokens(loadConfig({ PENSTOCK_TOKENS_FILE: '/nowhere', ...env }));
  expect(book?.find(token)).toMatchObject({ name: 'demo' });
  expect([...(book?.find(token)?.roles ?? [])]).toEqual(['submit']);
  expect([...(book?.find('mine')?.roles ?? [])]).toContain('read');
});

it('asks for no token where none is configured', () => {
  expect(demoToken(loadConfig({}))).toEqual({ env: {} });
});
