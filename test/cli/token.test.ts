import { Command } from 'commander';
import { expect, it, vi } from 'vitest';
import { registerToken } from '../../cli/commands/token.ts';
import { hashOfToken, parseTokenEntry } from '../../schemas/config/token-entry.ts';

function create(...args: string[]): { token: string; entry: string } {
  const written: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
    registerToken(program);
    program.parse(['token', 'create', '--json', ...args], { from: 'user' });
  } finally {
    stdout.mockRestore();
  }
  return JSON.parse(written.join(''));
}

it('gives a token of 256 bits, and a line that holds its hash alone', () => {
  const { token, entry } = create(
    '--name',
    'shop',
    '--roles',
    'submit, operate',
    '--tenant',
    'acme',
    '--per-second',
    '5',
  );
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(entry).not.toContain(token);
  expect(parseTokenEntry(entry)).toEqual({
    hash: hashOfToken(token),
    name: 'shop',
    roles: ['submit', 'operate'],
    tenant: 'acme',
    perSecond: 5,
  });
});

it('may submit and read unless told otherwise, and is new each time', () => {
  expect(parseTokenEntry(create().entry).roles).toEqual(['submit', 'read']);
  expect(create().token).not.toBe(create().token);
});

it.each([
  ['--roles', 'root'],
  ['--roles', ''],
  ['--tenant', 'a b'],
  ['--per-second', '0'],
])('refuses %s %j', (...flags) => {
  expect(() => create(...flags)).toThrow();
});
