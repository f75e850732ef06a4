import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { breakingChanges } from './compatibility/breaking-changes.ts';
import type { AvroJson } from './record-schema.ts';

/**
 * Script: `npm run schemas:compat` compares schemas/avro with the released forms in schemas/baseline and exits 1 on a
 * breaking change. With `-- --release` the current forms, where nothing breaks, become the released ones.
 */
const current = new URL('avro/', import.meta.url);
const released = new URL('baseline/', import.meta.url);

const namesIn = (folder: URL): string[] => readdirSync(folder).filter((name) => name.endsWith('.avsc'));

function read(name: string, folder: URL): AvroJson {
  return JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
}

function problemsOf(name: string): string[] {
  if (!existsSync(new URL(name, current))) return ['the schema is gone: its records are still in Kafka'];
  return breakingChanges(read(name, released), read(name, current));
}

const problems = namesIn(released).flatMap((name) => problemsOf(name).map((problem) => `${name}: ${problem}`));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else if (process.argv.includes('--release')) {
  for (const name of namesIn(current)) copyFileSync(new URL(name, current), new URL(name, released));
}
console.error(`${namesIn(released).length} released schemas, ${problems.length} breaking changes`);
