import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadDemoFiles } from '../../cli/demo/demo-files.ts';
import { planDemo } from '../../cli/demo/demo-tasks.ts';
import { type DocsSystem, startDocsSystem } from '../docs/docs-system.ts';
import { type Answers, runPage } from '../docs/run-page.ts';
import { until } from '../helpers/until.ts';

const page = readFileSync('docs/querying.md', 'utf8');
const setUpLimitMs = 180_000;

let system: DocsSystem;
let answers: Answers;
let expected: { ok: number; dead: number };

async function count(condition: string): Promise<number> {
  const [row] = await system.clickhouse.query<{ n: string }>(
    `SELECT count() AS n FROM attempts FINAL WHERE pipeline = 'assets' AND ${condition}`,
  );
  return Number(row?.n ?? 0);
}

async function submit(): Promise<void> {
  const { tasks, expectedOk, expectedDead } = planDemo(await loadDemoFiles(), system.files.url, 20);
  const url = `${system.replace['http://127.0.0.1:8080']}/v1/pipelines/assets/tasks`;
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(tasks) });
  expect(response.status).toBe(202);
  const producer = await system.broker.producer();
  const value = Buffer.from(JSON.stringify({ url: `${system.files.url}/cut-short/barley.json` }));
  await producer.send([{ topic: 'assets.download', key: null, value, headers: { penstock: '{"id":"order-2051"}' } }]);
  await producer.close();
  expected = { ok: expectedOk, dead: expectedDead + 1 };
}

const rows = (piece: string): string[][] =>
  answers(piece)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));

beforeAll(async () => {
  system = await startDocsSystem(inject('stack'));
  const before = { ok: await count("stage = 'upload' AND outcome = 'ok'"), dead: await count("outcome = 'dead'") };
  await submit();
  const uploads = before.ok + expected.ok;
  await until('the end of all tasks', async () => {
    const dead = (await count("outcome = 'dead'")) - before.dead;
    return dead === expected.dead && (await count("stage = 'upload' AND outcome = 'ok'")) === uploads
      ? true
      : undefined;
  });
  await system.stopWorker();
  const { folder, replace, env } = system;
  const replay = '```sh\nnpx penstock replay assets.upload --from earliest\n```\n';
  await runPage(replay, { folder, replace, env, limitMs: 60_000 });
  await system.startWorker();
  await until('the replay', async () =>
    (await count("stage = 'upload' AND outcome = 'ok'")) >= uploads + expected.ok ? true : undefined,
  );
  answers = await runPage(page, { folder, replace, env, limitMs: 120_000 });
}, setUpLimitMs);

afterAll(() => system?.stop());

describe('docs/querying.md', () => {
  it('penstock sql, its formats, curl and the client for Node agree', () => {
    const byOutcome = new Map(
      rows('GROUP BY ALL ORDER BY ALL').map(([stage, outcome, n]) => [`${stage} ${outcome}`, n]),
    );
    const [json = '', ...csvAndOne] = answers('--format CSVWithNames').split(/(?<=\]\n)/);
    const all = [...byOutcome.values()].reduce((sum, n) => sum + Number(n), 0);
    expect(Number(JSON.parse(json)[0].rows)).toBe(all);
    expect(csvAndOne.join('')).toBe('1\n1\n');
    expect(readFileSync(`${system.folder}/tasks.csv`, 'utf8')).toContain('"order-2051","assets","download","dead"');
    const overHttp = answers('FORMAT JSONEachRow')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(overHttp.map(({ stage }) => stage).sort()).toEqual(['download', 'transform', 'upload']);
    const dead = rows('argMax(error_code').length;
    expect(dead).toBeGreaterThan(0);
    expect(answers('node failures.mjs')).toMatch(/^\d+ × PIPE_DOWNLOAD_TRUNCATED$/m);
  });

  it('throughput and times of each stage', () => {
    const perMinute = rows('toStartOfMinute');
    const uploads = perMinute.filter(([, stage]) => stage === 'upload').reduce((sum, [, , n]) => sum + Number(n), 0);
    expect(uploads).toBeGreaterThanOrEqual(2 * expected.ok);
    const times = rows('wait_p95');
    expect(times.map(([stage]) => stage).sort()).toEqual(['download', 'transform', 'upload']);
    expect(times.every(([, , ...numbers]) => numbers.length === 4 && numbers.every((n) => Number(n) >= 0))).toBe(true);
  });

  it('errors, retries and dead letters', () => {
    const codes = ['PIPE_DOWNLOAD_CHECKSUM', 'PIPE_DOWNLOAD_NOT_FOUND', 'PIPE_DOWNLOAD_TRUNCATED'];
    expect(rows('tried_again').map(([code]) => code)).toEqual(expect.arrayContaining(codes));
    expect(rows('HAVING attempts > 1')[0]).toMatchObject({ 1: 'download', 2: '5', 3: 'dead', 4: codes[2] });
    expect(answers('dead_letters, error_code').match(/^for_example:/gm)).toHaveLength(3);
  });

  it('one task, where all are, the slowest, and nothing stuck', () => {
    const timeline = rows("task_id = 'order-2051'").map(([, , outcome, attempt]) => `${outcome} ${attempt}`);
    expect(timeline).toEqual(['retry 1', 'retry 2', 'retry 3', 'retry 4', 'dead 5']);
    expect(rows('min(submitted_at)').map(([state]) => state)).toEqual(expect.arrayContaining(['succeeded', 'dead']));
    expect(rows('queue_ms, started_at')).toHaveLength(3);
    expect(rows('last_heard_of <')).toEqual([]);
    expect(rows('formatReadableSize').every(([, bytesIn]) => /^\d+\.\d\d K?iB|B$/.test(bytesIn ?? ''))).toBe(true);
  });

  it('roll-ups, errors by the hour, lag, workers', () => {
    const perMinute = rows('quantilesTDigestMerge');
    expect(perMinute.map(([, stage]) => stage)).toEqual(expect.arrayContaining(['download', 'transform', 'upload']));
    const done = perMinute.filter(([, stage]) => stage === 'upload').reduce((sum, [, , n]) => sum + Number(n), 0);
    expect(done).toBeGreaterThanOrEqual(2 * expected.ok);
    expect(rows('FROM errors_1m').map(([, code]) => code)).toContain('PIPE_DOWNLOAD_TRUNCATED');
    expect(rows('FROM group_lag').map(([group]) => group)).toContain('assets.upload');
    expect(
      rows('FROM workers')
        .map(([stage]) => stage)
        .sort(),
    ).toEqual(['download', 'transform', 'upload']);
    expect(answers('penstock stats --window')).toContain('upload');
    expect(answers('penstock stats verify')).toContain('agrees');
    const overHttp = JSON.parse(answers('/v1/sql'));
    expect(overHttp.columns.map(({ name }: { name: string }) => name)).toEqual(['stage', 'runs']);
    expect(JSON.parse(answers('/stats?window=')).series.length).toBe(3);
  });

  it('both runs of a replay, and no offset without an end', async () => {
    expect(rows('groupArray(event_time)').map(([, , runs]) => Number(runs))).toEqual([2, 2, 2]);
    const admin = await system.broker.admin();
    const ends = await admin.offsets('assets.upload');
    await admin.close();
    const seen = new Map(rows('run_again').map(([partition, offsets, , last]) => [Number(partition), [offsets, last]]));
    for (const { partition, latest } of ends.filter(({ latest }) => latest > 0)) {
      expect(seen.get(partition), `partition ${partition}`).toEqual([String(latest), String(latest - 1)]);
    }
  });
});
