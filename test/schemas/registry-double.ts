import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A registry on loopback with the endpoints that the codec uses, and a list of what it was asked. */
export interface RegistryDouble {
  readonly url: string;
  readonly requests: string[];
  /** Adds a schema under the next id, or the given one. */
  add(schema: unknown, id?: number): number;
  /** Answers everything until it is set back. */
  override: RequestListener | undefined;
  close(): Promise<void>;
}

export async function startRegistryDouble(): Promise<RegistryDouble> {
  const schemas = new Map<number, string>();
  const levels = new Map<string, string>();
  const subjects = new Map<string, number[]>();
  const requests: string[] = [];

  const add = (schema: unknown, id = schemas.size + 1): number => {
    schemas.set(id, JSON.stringify(schema));
    return id;
  };

  const idOf = (schema: string): number => {
    const found = [...schemas].find(([, known]) => known === schema)?.[0];
    return found ?? add(JSON.parse(schema));
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? '');
    requests.push(`${request.method} ${path}`);
    const body = await text(request);
    const send = (status: number, json: unknown) => {
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
      response.end(JSON.stringify(json));
    };
    const [, area, subject = '', versions] = path.split('/');
    if (area === 'schemas') {
      const schema = schemas.get(Number(versions));
      return send(schema ? 200 : 404, schema ? { schema } : { error_code: 40403, message: 'Schema not found' });
    }
    if (area === 'config' && request.method === 'GET') {
      const compatibilityLevel = levels.get(subject);
      return send(compatibilityLevel ? 200 : 404, compatibilityLevel ? { compatibilityLevel } : { error_code: 40401 });
    }
    if (area === 'config') {
      const { compatibility } = JSON.parse(body);
      levels.set(subject, compatibility);
      return send(200, { compatibility });
    }
    const { schema } = JSON.parse(body);
    const ids = subjects.get(subject) ?? [];
    if (versions) {
      const id = idOf(schema);
      subjects.set(subject, [...new Set([...ids, id])]);
      return send(200, { id });
    }
    const id = ids.find((known) => schemas.get(known) === schema);
    return send(
      id ? 200 : 404,
      id ? { id, version: ids.indexOf(id) + 1 } : { error_code: 40401, message: 'no subject' },
    );
  }

  const double: RegistryDouble = {
    url: '',
    requests,
    add,
    override: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    if (!double.override) return void answer(request, response);
    requests.push(`${request.method} ${request.url}`);
    double.override(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(double, { url: `http://127.0.0.1:${port}` });
}
