import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PenstockError } from '../schemas/errors.ts';

export interface NodeEntry {
  readonly url: URL;
  /** Arguments of node that come before it. */
  readonly execArgv: readonly string[];
}

/** A loader may have added a query to our URL. */
const isSource = new URL(import.meta.url).pathname.endsWith('.ts');

/** A module of ours as the entry of a process or thread: `url` has no extension, which is .ts in the sources only. */
export function ownEntry(url: URL, options: { readonly typescript?: boolean } = {}): NodeEntry {
  const needsLoader = isSource || options.typescript === true;
  return { url: new URL(`${url.href}${isSource ? '.ts' : '.js'}`), execArgv: needsLoader ? typescriptLoader() : [] };
}

/** Text of a thread that runs a module of ours, of the same kind of URL; Node 20 has no other way from TypeScript. */
export function ownThread(url: URL): string {
  const { url: entry } = ownEntry(url);
  if (!isSource) return `import(${JSON.stringify(entry.href)})`;
  const loader = createRequire(import.meta.url).resolve('tsx/cjs/api');
  const file = JSON.stringify(fileURLToPath(entry));
  return `require(${JSON.stringify(loader)}).require(${file}, ${file})`;
}

function typescriptLoader(): readonly string[] {
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

export function isTypescript(url: URL): boolean {
  return /\.[cm]?ts$/.test(url.pathname);
}

/**
 * The module itself, or its twin .js of .ts, .ts of .js: a compiler does not rewrite the name in `new URL(…)`. Throws
 * PIPE_CONFIG_INVALID where there is neither.
 */
export function existingModule(url: URL): URL {
  if (url.protocol !== 'file:') {
    throw new PenstockError(
      'PIPE_CONFIG_INVALID',
      `${url.href} is no file: write new URL('./name.ts', import.meta.url)`,
    );
  }
  const found = [url, twinOf(url)].find((each) => existsSync(fileURLToPath(each)));
  if (found !== undefined) return found;
  throw new PenstockError('PIPE_CONFIG_INVALID', `there is no module ${fileURLToPath(url)}`);
}

function twinOf(url: URL): URL {
  const swapped = url.pathname.replace(
    /([cm]?)([jt])s$/,
    (_all, kind, script) => `${kind}${script === 't' ? 'j' : 't'}s`,
  );
  return new URL(swapped, url);
}
