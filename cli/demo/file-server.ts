import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DemoFile, DemoFiles } from './demo-files.ts';

export interface FileServer {
  /** 127.0.0.1:port */
  readonly address: string;
  readonly url: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json',
  png: 'image/png',
  tsv: 'text/tab-separated-values; charset=utf-8',
};

/** Serves the files on a loopback port of the system's choice, and the troubles of the demo beside them. */
export async function startFileServer(files: DemoFiles): Promise<FileServer> {
  const byName = new Map([...files.usual, ...files.large].map((file) => [file.name, file]));
  const server = createServer((request, response) => answer(byName, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(byName: ReadonlyMap<string, DemoFile>, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, area, name = ''] = pathname.split('/');
  const file = byName.get(name);
  if (area === 'not-an-image.png') sendGarbage(request.url ?? '', response);
  else if (area === 'cut-short' && file) sendHalf(file, response);
  else if (area === 'files' && file) send(file.bytes, typeOf(name), response);
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file\n');
}

function send(bytes: Buffer, type: string, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
}

/** Promises the whole file and drops the connection after half of it. */
function sendHalf({ name, bytes }: DemoFile, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': typeOf(name), 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}

const pngMagic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Begins like a PNG and goes on as noise, another for each copy. */
function sendGarbage(url: string, response: ServerResponse): void {
  const noise = Array.from({ length: 64 }, (_, index) => createHash('sha512').update(`${url} ${index}`).digest());
  send(Buffer.concat([pngMagic, ...noise]), 'image/png', response);
}

const typeOf = (name: string): string => types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
