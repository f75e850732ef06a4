import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const biome = join(process.cwd(), 'node_modules/.bin/biome');
const room = mkdtempSync(join(tmpdir(), 'import-rules-'));
afterAll(() => rmSync(room, { recursive: true }));

/** Lints the given files under the project's own rules, in a folder of their own. */
function lint(files: Record<string, string>): string {
  const folder = mkdtempSync(join(room, 'case-'));
  cpSync('biome.json', join(folder, 'biome.json'));
  execFileSync('git', ['init', '-q'], { cwd: folder });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const run = spawnSync(biome, ['lint', '--colors=off', '.'], { cwd: folder, encoding: 'utf8' });
  return `${run.stdout}${run.stderr}`;
}

const target = 'export interface Thing { readonly name: string }\n';
const typeImport = (from: string) =>
  `import type { Thing } from '${from}';\nexport const nameOf = (thing: Thing): string => thing.name;\n`;

describe('import directions', () => {
  it.each([
    ['schemas', 'topics'],
    ['topics', 'processors'],
    ['processors', 'gateway'],
    ['gateway', 'processors'],
    ['processors', 'cli'],
    ['deploy', 'processors'],
    ['client', 'schemas'],
  ])('%s may not import even a type of %s', (from, to) => {
    const report = lint({ [`${to}/thing.ts`]: target, [`${from}/user.ts`]: typeImport(`../${to}/thing.ts`) });
    expect(report).toContain('noRestrictedImports');
  });

  it.each([
    ['topics', 'schemas'],
    ['processors', 'topics'],
    ['gateway', 'topics'],
    ['cli', 'gateway'],
  ])('%s may import %s', (from, to) => {
    const report = lint({ [`${to}/thing.ts`]: target, [`${from}/user.ts`]: typeImport(`../${to}/thing.ts`) });
    expect(report).not.toContain('noRestrictedImports');
  });

  it.each(['kafkajs', 'avsc', '@clickhouse/client'])('%s stays behind its door', (library) => {
    const text = `import * as library from '${library}';\nexport const open = library;\n`;
    expect(lint({ 'processors/user.ts': text })).toContain('noRestrictedImports');
  });

  it('refuses a cycle made of types alone', () => {
    const report = lint({
      'topics/one.ts': "import type { Two } from './two.ts';\nexport interface One { readonly two: Two }\n",
      'topics/two.ts': "import type { One } from './one.ts';\nexport interface Two { readonly one: One }\n",
    });
    expect(report).toContain('noImportCycles');
  });
});
