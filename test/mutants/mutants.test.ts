import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';

/** The run with each of them takes half an hour; that they still fit the engine is seen here. */
describe('the mutants', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s: its edit has its one place',
    (_name, mutant) => {
      const source = readFileSync(new URL(`../../${mutant.file}`, import.meta.url), 'utf8');
      for (const { find } of [mutant, mutant.also].filter((edit) => edit !== undefined)) {
        expect(source.split(find)).toHaveLength(2);
      }
    },
  );
});
