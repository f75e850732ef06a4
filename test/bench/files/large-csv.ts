import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../report.ts';
import { startBenchSystem } from './system.ts';

const totalBytes = 500_000_000;
const targetMb = 300;
const sampleMs = 200;

/** Rows of numbers, times and words, made as they are sent: the file is never on a disk of ours. */
function* csvChunks(): Generator<string> {
  yield 'id,time,latitude,longitude,magnitude,place,comment\n';
  let sent = 0;
  for (let id = 0; sent < totalBytes; ) {
    let chunk = '';
    for (const end = id + 500; id < end; id += 1) {
      const angle = (id * 7919) % 36_000;
      const time = new Date(1_600_000_000_000 + id * 1000).toISOString();
      chunk += `${id},${time},${angle / 200 - 90},${angle / 100 - 180},${(id % 93) / 10},"place ${id % 5000}, north",row ${id * 31}\n`;
    }
    sent += chunk.length;
    yield chunk;
  }
}

async function serveCsv() {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' });
    Readable.from(csvChunks()).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

/** One CSV of 500 MB through the three stages: the most memory that worker and converter have together. */
export async function benchLargeCsv(): Promise<Report> {
  const server = await serveCsv();
  const folder = await mkdtemp(join(tmpdir(), 'penstock-bench-'));
  const system = await startBenchSystem(folder, server.address);
  try {
    const since = performance.now();
    await system.submit([{ url: `http://${server.address}/quakes.csv` }]);
    const finished = async () =>
      (await readdir(system.outputFolder).catch(() => [])).find((name) => name.endsWith('.parquet'));
    let peakMb = 0;
    while ((await finished()) === undefined) {
      peakMb = Math.max(peakMb, await system.workerMb());
      await sleep(sampleMs);
    }
    const seconds = (performance.now() - since) / 1000;
    const size = (await stat(join(system.outputFolder, (await finished()) ?? ''))).size;
    return {
      title: 'One CSV of 500 MB to Parquet, download and upload included',
      measures: [
        { what: 'worker and its children, highest', unit: 'MiB', values: [peakMb], target: { atMost: targetMb } },
        { what: 'time', unit: 's', values: [seconds] },
        { what: 'Parquet', unit: 'MB', values: [size / 1e6] },
      ],
    };
  } finally {
    await system.stop();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
