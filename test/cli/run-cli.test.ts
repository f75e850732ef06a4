import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeFailure } from '../../cli/describe-failure.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

function penstock(...args: string[]) {
  const env = { ...process.env, PENSTOCK_DATA_DIR: makeTempDir(), PENSTOCK_LOG_LEVEL: '', NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

test('--version prints the version and nothing else', () => {
  expect(penstock('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help of the program and of a command is data, exit code 0', () => {
  expect(penstock('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('doctor'), stderr: '' });
  expect(penstock('up', '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--detach') });
});

test.each([
  ['an unknown command', ['nonsense'], "unknown command 'nonsense'"],
  ['an unknown flag', ['status', '--nonsense'], "unknown option '--nonsense'"],
  ['a component that does not exist', ['up', '--only', 'redis'], '“redis” is none of kafka, registry, clickhouse'],
])('%s is wrong usage: exit code 2, nothing on stdout', (_what, args, message) => {
  expect(penstock(...args)).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(message) });
});

test('a wrong setting fails with code, remedy and no stack', () => {
  const { status, stdout, stderr } = penstock('up', '--kafka-port', '99999');
  expect(stderr).toMatch(/^error PIPE_CONFIG_INVALID: [\s\S]*PENSTOCK_KAFKA_PORT[\s\S]*\n {2}→ /);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
});

test('status and down where nothing runs: JSON on stdout, failed and done', () => {
  const status = penstock('status', '--json');
  expect(JSON.parse(status.stdout)).toMatchObject({ supervisorPid: null, isHealthy: false, components: [] });
  expect(status.status).toBe(1);
  const down = penstock('down', '--json');
  expect(JSON.parse(down.stdout)).toMatchObject({ stopped: false });
  expect(down.status).toBe(0);
});

test('a known failure shows code, message and remedy; the stack only when asked for', () => {
  const error = new PenstockError('PIPE_STACK_NO_JAVA', 'there is none');
  const short = describeFailure(error, { withStack: false });
  expect(short).toBe(`error PIPE_STACK_NO_JAVA: there is none\n  → ${error.remedy}\n`);
  expect(describeFailure(error, { withStack: true })).toContain('run-cli.test.ts');
  expect(describeFailure('thrown text', { withStack: false })).toMatch(/^error: thrown text\n {2}→ /);
});
