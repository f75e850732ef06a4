import { benchLargeCsv } from './files/large-csv.ts';
import { benchFiles } from './files/throughput.ts';

const benchmarks: Readonly<Record<string, () => Promise<string>>> = { files: benchFiles, 'large-csv': benchLargeCsv };

/** `npm run bench`: all of them; `npm run bench -- files`: one. */
async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !(name in benchmarks));
  if (unknown !== undefined) {
    process.stderr.write(`no benchmark “${unknown}”; there are ${Object.keys(benchmarks).join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  for (const [name, bench] of Object.entries(benchmarks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stderr.write(`• ${name}\n`);
    process.stdout.write(`${await bench()}\n\n`);
  }
}

await main();
