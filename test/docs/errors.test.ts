import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { expect, it } from 'vitest';
import { errorCatalogue } from '../../schemas/error-catalogue.ts';
import { renderErrorDocs } from '../../schemas/write-error-docs.ts';

it('docs/errors.md tells each code, its cause and its remedy', () => {
  expect(readFileSync('docs/errors.md', 'utf8')).toBe(renderErrorDocs());
});

it('every code of the catalogue is used by some code', () => {
  const sources = globSync(['{schemas,topics,processors,gateway,cli,deploy}/**/*.{ts,mjs}'], {
    ignore: ['schemas/error-catalogue.ts'],
  }).map((file) => readFileSync(file, 'utf8'));
  const unused = Object.keys(errorCatalogue).filter((code) => !sources.some((text) => text.includes(code)));
  expect(unused).toEqual([]);
});
