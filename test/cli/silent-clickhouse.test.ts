import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';

const asked: (number | undefined)[] = [];

/** The commands' own limit is too long for a test: what they ask for is noted, and a shorter one given. */
vi.mock(import('../../processors/sinks/clickhouse.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    connectClickHouse: (config, options) => {
      asked.push(options?.requestTimeoutMs);
      return real.connectClickHouse(config, { requestTimeoutMs: 50 });
    },
  };
});

let url: string;
let closeServer: () => void;

/** Takes connections and says nothing, as a process does that was stopped. */
beforeEach(async () => {
  asked.length = 0;
  const server = createServer((socket) => socket.on('error', () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  closeServer = () => server.close();
});
afterEach(() => {
  closeServer();
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it.each([
  ['tasks', []],
  ['task', ['some-id']],
  ['sql', ['SELECT 1']],
])('%s gives up on a ClickHouse that is silent, with code and remedy', async (command, args) => {
  let err = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += String(chunk);
    return true;
  });
  expect(await runCli([command, ...args, '--clickhouse-url', url])).toBe(1);
  expect(err).toMatch(/^error PIPE_CLICKHOUSE_UNAVAILABLE: .*did not answer \(timeout\)\n {2}→ /);
  expect(asked).toEqual([11_000]);
});
