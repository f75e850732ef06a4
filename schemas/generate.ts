import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateTypes } from './generate-types.ts';
import type { AvroJson } from './record-schema.ts';

/** Script: `npm run gen` writes schemas/generated, `npm run gen:check` exits 1 where it is stale. */
const sources = new URL('avro/', import.meta.url);
const target = new URL('generated/', import.meta.url);

function expected(): Map<string, string> {
  const files = readdirSync(sources).filter((name) => name.endsWith('.avsc'));
  return new Map(
    files.sort().map((name) => {
      const avro: AvroJson = JSON.parse(readFileSync(new URL(name, sources), 'utf8'));
      return [name.replace(/\.avsc$/, '.ts'), generateTypes(name, avro)];
    }),
  );
}

function present(): Map<string, string> {
  mkdirSync(target, { recursive: true });
  return new Map(readdirSync(target).map((name) => [name, readFileSync(new URL(name, target), 'utf8')]));
}

const wanted = expected();
const found = present();
const stale = [...wanted].filter(([name, text]) => found.get(name) !== text).map(([name]) => name);
const left = [...found.keys()].filter((name) => !wanted.has(name));

if (process.argv.includes('--check')) {
  for (const name of [...stale, ...left]) console.error(`schemas/generated/${name} is stale: run npm run gen`);
  process.exitCode = stale.length + left.length > 0 ? 1 : 0;
} else {
  for (const name of stale) writeFileSync(new URL(name, target), wanted.get(name) ?? '');
  for (const name of left) rmSync(new URL(name, target));
  console.error(`${wanted.size} schemas, ${stale.length} written, ${left.length} removed`);
}
