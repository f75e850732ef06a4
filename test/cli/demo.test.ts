import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDemoFiles } from '../../cli/demo/demo-files.ts';
import { planDemo } from '../../cli/demo/demo-tasks.ts';
import { startFileServer } from '../../cli/demo/file-server.ts';
import { type DemoReport, describeDemo, isAsExpected } from '../../cli/demo/report-demo.ts';

describe('the plan of the demo', () => {
  it.each([20, 100, 999, 1_000])('of %i tasks has distinct URLs and four kinds of trouble, spread', async (count) => {
    const plan = planDemo(await loadDemoFiles(), 'http://127.0.0.1:1', count);
    expect(plan.tasks).toHaveLength(count);
    expect(new Set(plan.tasks.map(({ url }) => url)).size).toBe(count);
    const each = Math.max(1, Math.round(count / 100));
    const places = (test: (task: (typeof plan.tasks)[number]) => boolean) =>
      plan.tasks.flatMap((task, index) => (test(task) ? [index] : []));
    const missing = places(({ url }) => url.includes('/missing/'));
    expect(missing).toHaveLength(each);
    expect(places(({ url }) => url.includes('/cut-short/'))).toHaveLength(each);
    expect(places(({ url }) => url.includes('/not-an-image'))).toHaveLength(each);
    expect(places(({ sha256 }) => sha256 === '0'.repeat(64))).toHaveLength(each);
    expect(plan.expectedDead).toBe(4 * each);
    expect(plan.expectedOk).toBe(count - 4 * each);
    if (each > 1) expect((missing.at(-1) ?? 0) - (missing[0] ?? 0)).toBeGreaterThan(count / 2);
  });
});

describe('the demo’s file server', () => {
  it('serves the real bytes, and each trouble', async () => {
    const files = await loadDemoFiles();
    const server = await startFileServer(files);
    onTestFinished(() => server.close());
    const plan = planDemo(files, server.url, 100);
    const find = (part: string) => plan.tasks.find(({ url }) => url.includes(part))?.url ?? '';
    const checked = plan.tasks.find(
      ({ sha256, url }) => sha256 && sha256 !== '0'.repeat(64) && url.includes('/files/'),
    );
    const bytes = Buffer.from(await (await fetch(checked?.url ?? '')).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(checked?.sha256);
    expect((await fetch(find('/missing/'))).status).toBe(404);
    await expect(fetch(find('/cut-short/')).then((response) => response.arrayBuffer())).rejects.toThrow();
    const image = Buffer.from(await (await fetch(find('/not-an-image'))).arrayBuffer());
    expect(image.subarray(1, 4).toString()).toBe('PNG');
    expect((await fetch(`${server.url}/files/..%2f..%2fpackage.json`)).status).toBe(404);
  });
});

describe('the verdict', () => {
  const report: DemoReport = {
    tenant: 'demo-x',
    submitted: 100,
    accepted: 100,
    ok: 96,
    dead: 4,
    expectedOk: 96,
    expectedDead: 4,
    runSeconds: 2,
    stages: [],
    deadLetters: [],
    outputFolder: '/tmp',
    outputs: [{ extension: '.parquet', files: 96, totalBytes: 1, sample: '/tmp/a.parquet', isWellFormed: true }],
    otherRows: 0,
    check: 'penstock sql',
  };

  it('is good only when every number is', () => {
    expect(isAsExpected(report)).toBe(true);
    expect(isAsExpected({ ...report, ok: 95 })).toBe(false);
    expect(isAsExpected({ ...report, dead: 5 })).toBe(false);
    expect(isAsExpected({ ...report, accepted: 99 })).toBe(false);
    expect(isAsExpected({ ...report, outputs: [] })).toBe(false);
    const [output] = report.outputs;
    expect(isAsExpected({ ...report, outputs: output ? [{ ...output, isWellFormed: false }] : [] })).toBe(false);
  });

  it('is told', () => {
    expect(describeDemo(report)).toContain('96 ok, 4 dead, as expected');
    expect(describeDemo({ ...report, ok: 90, otherRows: 7 })).toContain('expected 96 ok and 4 dead');
    expect(describeDemo(report)).toContain('content');
    expect(describeDemo({ ...report, otherRows: 7 })).toContain('7 rows not of this run');
  });
});
