import { request } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type Client, type Result } from 'autocannon';
import { nowUs } from '../../engine/workload.ts';
import { serve } from '../../serve.ts';
import { RawPosts } from './raw-posts.ts';

/** Who calls, in a process of its own. */

const taskBytes = 100;
const linesPerChunk = 500;

/** A task of a hundred bytes. */
function taskOf(sentAtUs: number): string {
  const start = `{"url":"http://127.0.0.1/files/1.csv","sentAtUs":${sentAtUs},"name":"`;
  return `${start}${'x'.repeat(taskBytes - start.length - 2)}"}`;
}

export interface Hammered {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Connections that failed or waited in vain, and answers other than 202. */
  readonly failed: number;
}

export interface Flood {
  /** Ids of the 202s. */
  readonly accepted: readonly string[];
  readonly acceptedMs: readonly number[];
  readonly refusedMs: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
  /** Why connections failed, counted. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly failed: number;
}

export interface Streamed {
  readonly accepted: number;
  readonly seconds: number;
}

export interface Pace {
  readonly url: string;
  readonly perSecond: number;
  readonly count: number;
  readonly connections: number;
}

const post = { method: 'POST', headers: { 'content-type': 'application/json' } } as const;

serve({
  async hammer({
    url,
    connections,
    seconds,
    perSecond,
  }: {
    url: string;
    connections: number;
    seconds: number;
    /** Of all connections together; absent: each posts again at once. */
    perSecond?: number;
  }): Promise<Hammered> {
    const result = await autocannon({
      ...post,
      url,
      connections,
      duration: seconds,
      timeout: 10,
      body: taskOf(nowUs()),
      ...(perSecond !== undefined && { overallRate: perSecond }),
    });
    const { errors, timeouts, non2xx, latency, requests, duration } = result;
    return {
      perSecond: requests.total / duration,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
      failed: errors + timeouts + non2xx,
    };
  },

  /** Writes down what each answer said. */
  async flood({ url, connections, seconds }: { url: string; connections: number; seconds: number }): Promise<Flood> {
    const flood = { accepted: [] as string[], acceptedMs: [] as number[], refusedMs: [] as number[] };
    const statuses: Record<number, number> = {};
    const reasons: Record<string, number> = {};
    const { errors, timeouts } = await new Promise<Result>((resolve, reject) => {
      const options = { ...post, url, connections, duration: seconds, timeout: 30, body: taskOf(nowUs()), setupClient };
      const calling = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
      calling.on('reqError', (error: NodeJS.ErrnoException) => {
        const reason = error.code ?? error.message;
        reasons[reason] = (reasons[reason] ?? 0) + 1;
      });
    });
    return { ...flood, statuses, reasons, failed: errors + timeouts };

    function setupClient(client: Client): void {
      let answer = '';
      client.on('body', (body) => {
        answer = body.toString();
      });
      client.on('response', (status, _bytes, tookMs) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== 202) flood.refusedMs.push(tookMs);
        else flood.acceptedMs.push(tookMs) && flood.accepted.push(String(JSON.parse(answer).id));
      });
    }
  },

  async stream({ url, lines }: { url: string; lines: number }): Promise<Streamed> {
    const chunk = `${taskOf(nowUs())}\n`.repeat(linesPerChunk);
    function* body(): Generator<string> {
      for (let sent = 0; sent < lines; sent += linesPerChunk) yield chunk;
    }
    const startedAt = performance.now();
    const answer = await send(url, 'application/x-ndjson', Readable.from(body()));
    return { accepted: Number(answer.accepted), seconds: (performance.now() - startedAt) / 1_000 };
  },

  /** Each task says when it was due, so one that waits here for a connection is late, not left out. */
  async pace({ url, perSecond, count, connections }: Pace): Promise<void> {
    const posts = await RawPosts.open(url, connections);
    const firstUs = nowUs() + 100_000;
    const dueAt = (index: number): number => Math.round(firstUs + (index * 1_000_000) / perSecond);
    for (let next = 0; next < count; ) {
      await sleep(1);
      for (; next < count && dueAt(next) <= nowUs(); next += 1) posts.post(taskOf(dueAt(next)));
    }
    await posts.close();
  },
});

function send(url: string, contentType: string, body: Readable): Promise<{ accepted?: number }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': contentType } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      const answer = json(response) as Promise<{ accepted?: number }>;
      answer.then(
        (value) => (response.statusCode === 202 ? resolve(value) : reject(new Error(JSON.stringify(value)))),
        reject,
      );
    });
    body.pipe(sent);
  });
}
