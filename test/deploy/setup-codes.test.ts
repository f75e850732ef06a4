import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCatalogue } from '../../schemas/error-catalogue.ts';

test('every code of the set-up, which cannot import the catalogue, is in it', () => {
  const folder = new URL('../../cli/setup/', import.meta.url);
  const text = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  const codes = new Set(text.join('\n').match(/PIPE_[A-Z_]+/g));
  expect(codes.size).toBeGreaterThan(3);
  for (const code of codes) expect(Object.keys(errorCatalogue)).toContain(code);
});
