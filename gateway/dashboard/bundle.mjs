// The dashboard's browser code as files to serve: npm run build writes them into dist, a run from source asks for them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const appFolder = fileURLToPath(new URL('./app/', import.meta.url));

/** What uPlot hangs onto itself and no chart of ours uses: 3 KB gzipped that no bundler can tell are not needed. */
const unusedParts = /\(paths\.(?:bars|spline|stepped)\s*=\s*\w+\)|uPlot\.(?:join|addGap|clipGaps|sync)\s*=\s*\w+;/g;
const unusedCount = 7;

const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const found = source.match(unusedParts)?.length;
      if (found !== unusedCount) throw new Error(`uPlot has changed: ${found} of its unused parts were found`);
      return { contents: source.replace(unusedParts, (part) => (part.endsWith(';') ? '' : 'null')) };
    });
  },
};

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
    plugins: [withoutUnused],
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
