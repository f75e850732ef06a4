import { expect, it } from 'vitest';
import { readBlocks, sectionOf } from './page.ts';

const page = [
  '# Title',
  '',
  '```sh',
  'echo one',
  '```',
  'Text `with` ticks.',
  '```ts file=a/b.ts exact',
  'const x = 1;',
  '',
  '```',
  '## Part',
  'inside',
  '### Deeper',
  'still inside',
  '## Next',
].join('\n');

it('finds the fenced blocks with their words and lines', () => {
  const [first, second, ...rest] = readBlocks(page);
  expect(first).toMatchObject({ language: 'sh', text: 'echo one\n', line: 3 });
  expect(second).toMatchObject({ language: 'ts', text: 'const x = 1;\n\n', line: 7 });
  expect([...(second?.words ?? [])]).toEqual([
    ['file', 'a/b.ts'],
    ['exact', ''],
  ]);
  expect(rest).toEqual([]);
});

it('names the line of a fence that stays open', () => {
  expect(() => readBlocks('text\n```sh\necho')).toThrow('line 2');
});

it('cuts out a section with its parts', () => {
  expect(sectionOf(page, '## Part')).toBe('## Part\ninside\n### Deeper\nstill inside');
  expect(sectionOf(page, '## Next')).toBe('## Next');
  expect(() => sectionOf(page, '## None')).toThrow('## None');
});
