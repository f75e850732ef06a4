// The dashboard's browser code as files to serve: npm run build writes them into dist, a run from source asks for them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const appFolder = fileURLToPath(new URL('./app/', import.meta.url));

/**
 * What of uPlot no chart of ours uses and no bundler can tell is not needed, 5 KB gzipped: other shapes of lines, helpers it
 * hangs onto itself, its own marks of time (lib/time-marks.ts knows the zone) and its legend. Each with how often it occurs.
 */
const unusedParts = [
  [/\(paths\.(?:bars|spline|stepped)\s*=\s*\w+\)/g, 'null', 3],
  [/uPlot\.(?:join|addGap|clipGaps|sync|fmtDate|tzDate)\s*=\s*\w+;/g, '', 6],
  [/const _(?:tzDate|fmtDate|timeAxisSplits|timeAxisVals|timeSeriesVal) .*/g, '', 5],
  [/const \[ timeIncrs.*/g, '', 2],
  [/(?<!let )\bisTime\b/g, 'false', 7],
  [/(?<!const )\bshowLegend\b/g, 'false', 9],
];

const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: unusedParts.reduce(withoutPart, source) };
    });
  },
};

function withoutPart(source, [part, instead, count]) {
  const found = source.match(part)?.length;
  if (found !== count) throw new Error(`uPlot has changed: ${part} was found ${found} times, not ${count}`);
  return source.replace(part, instead);
}

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
