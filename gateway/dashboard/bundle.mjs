// The dashboard's browser code as files to serve: npm run build writes them into dist, a run from source asks for them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const appFolder = fileURLToPath(new URL('./app/', import.meta.url));

/** name → bytes. Names hold a hash of the content, but for index.html, which names them. */
export async function bundleDashboard() {
  const { outputFiles } = await build({
    entryPoints: [`${appFolder}main.tsx`],
    bundle: true,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    entryNames: '[name]-[hash]',
    outdir: appFolder,
    write: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
  const icon = await readFile(`${appFolder}icon.svg`);
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  files.set(iconName, icon);
  const page = await readFile(`${appFolder}index.html`, 'utf8');
  const nameOf = (extension) => [...files.keys()].find((name) => name.endsWith(extension));
  const filled = page
    .replace('{script}', `/dashboard/${nameOf('.js')}`)
    .replace('{styles}', `/dashboard/${nameOf('.css')}`)
    .replace('{icon}', `/dashboard/${iconName}`);
  files.set('index.html', Buffer.from(filled));
  return files;
}
