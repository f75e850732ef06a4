import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream } from '../../../gateway/watching/event-stream.ts';
import { LiveAnswers } from '../../../gateway/watching/live-answers.ts';
import { gate } from '../../processors/runtime/runner-bench.ts';

const everyMs = 2_000;
/** By token. */
let scopes: Record<string, string>;
let asked: string[];
let answer: () => Promise<{ status: number; body: string }>;
let failures: unknown[];
let live: LiveAnswers;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  scopes = { a: 'one', b: 'one', c: 'two' };
  asked = [];
  failures = [];
  answer = async () => ({ status: 200, body: '{"n":1}' });
  live = new LiveAnswers({
    ask(path, { authorization }) {
      asked.push(`${authorization} ${path}`);
      return answer();
    },
    scopeOf: ({ authorization = '' }) => scopes[authorization],
    onFailure: (error) => failures.push(error),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function listen(token: string, paths: readonly string[] = ['/p']) {
  const events = new EventStream();
  live.listen({ headers: { authorization: token }, events }, paths, everyMs);
  const told = (): string[] => {
    const text = String(events.read() ?? '');
    return [...text.matchAll(/event: (.+)\ndata: (.+)/g)].map(([, name, data]) => `${name} ${data}`);
  };
  const closed = new Promise((resolve) => events.once('close', resolve));
  return { events, told, closed };
}

const turn = async (): Promise<void> => {
  vi.advanceTimersByTime(everyMs);
  await new Promise(setImmediate);
};

describe('live answers', () => {
  it('asks once for all of a scope, and again for another', async () => {
    const [a, b, c] = [listen('a'), listen('b'), listen('c')];
    await turn();
    expect(asked).toEqual(['a /p', 'c /p']);
    for (const each of [a, b, c]) expect(each.told()).toEqual(['answer {"watch":"/p","status":200,"body":{"n":1}}']);
  });

  it('repeats nothing that was told, but tells it to who comes later', async () => {
    const early = listen('a');
    await turn();
    early.told();
    const late = listen('b');
    await turn();
    expect(early.told()).toEqual(['same {"watch":"/p"}']);
    expect(late.told()).toHaveLength(1);
    answer = async () => ({ status: 503, body: '{"code":"PIPE_CLICKHOUSE_UNAVAILABLE"}' });
    await turn();
    expect(early.told()).toEqual(late.told());
  });

  it('waits for a question that is slower than the pace, and goes on after one that failed', async () => {
    const first = gate<{ status: number; body: string }>();
    answer = () => first.opened;
    const { told } = listen('a');
    await turn();
    await turn();
    expect(asked).toHaveLength(1);
    first.open({ status: 200, body: '{}' });
    await new Promise(setImmediate);
    expect(told()).toHaveLength(1);
    answer = () => Promise.reject(new Error('gone'));
    await turn();
    answer = async () => ({ status: 200, body: '[]' });
    await turn();
    expect(failures).toHaveLength(1);
    expect(told()).toEqual(['answer {"watch":"/p","status":200,"body":[]}']);
  });

  it('asks nothing and keeps no timer once nobody listens', async () => {
    const streams = [listen('a', ['/p', '/q']), listen('b')];
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    for (const { events } of streams) events.destroy();
    await Promise.all(streams.map(({ closed }) => closed));
    await turn();
    expect(asked).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the stream of a token that is revoked or changed, and asks with that of another', async () => {
    const [a, b] = [listen('a'), listen('b')];
    scopes = { a: 'two', b: 'one' };
    a.events.resume();
    await turn();
    await a.closed;
    expect(asked).toEqual(['b /p']);
    expect(b.told()).toHaveLength(1);
    scopes = {};
    b.events.resume();
    await turn();
    await b.closed;
    expect(asked).toHaveLength(1);
  });

  it('tells nobody what a token that was revoked while it asked was refused, nor what came after its own end', async () => {
    const [a, b] = [listen('a'), listen('b')];
    answer = async () => {
      delete scopes.a;
      return { status: 401, body: '{}' };
    };
    await turn();
    answer = async () => ({ status: 200, body: '{}' });
    await turn();
    expect(asked).toEqual(['a /p', 'b /p']);
    expect([a.told(), b.told()].map(({ length }) => length)).toEqual([0, 1]);
    answer = async () => {
      delete scopes.b;
      return { status: 200, body: '{"secret":1}' };
    };
    await turn();
    expect(b.told()).toEqual([]);
  });

  it('leaves out what a slow reader does not take, and makes up for it', async () => {
    const large = JSON.stringify('x'.repeat(200_000));
    let n = 0;
    answer = async () => ({ status: 200, body: `[${n++},${large}]` });
    const { events, told } = listen('a');
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(events.destroyed).toBe(false);
    expect(told().length).toBeLessThan(4);
    await turn();
    expect(told()[0]).toContain('"body":[10,');
  });
});
