import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Arguments that make `node` run a module of ours: `moduleUrl` is without extension, which is ours: .js in the
 * package, .ts in the sources (then by way of tsx). `preload` modules run first.
 */
export function nodeProgramArgs(moduleUrl: URL, preload: readonly URL[] = []): string[] {
  const isSource = import.meta.url.endsWith('.ts');
  const extension = isSource ? '.ts' : '.js';
  const loader = isSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  const preloads = preload.flatMap((url) => ['--import', `${url.href}${extension}`]);
  return [...loader, ...preloads, `${fileURLToPath(moduleUrl)}${extension}`];
}
