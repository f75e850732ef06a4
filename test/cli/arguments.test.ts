import { afterEach, describe, expect, it, vi } from 'vitest';
import { buildProgram, runCli } from '../../cli/run-cli.ts';

/** Runs in this process and gives back what reached stdout and stderr. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const catchInto = (key: 'out' | 'err') => (chunk: unknown) => {
    written[key] += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(catchInto('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(catchInto('err'));
  try {
    return { code: await runCli(args), ...written };
  } finally {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  }
}

afterEach(() => vi.unstubAllEnvs());

describe('every command', () => {
  const names = buildProgram().commands.map((command) => command.name());

  it.each(names)('%s --help explains itself on stdout', async (name) => {
    const { code, out, err } = await run(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Usage: penstock ${name}`);
    expect(err).toBe('');
  });

  it.each(names)('%s refuses a flag that it does not know', async (name) => {
    const { code, out, err } = await run(name, '--no-such-flag');
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/^error: (unknown|required) option/);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

describe('mistakes in arguments', () => {
  it.each([
    [['nonsense']],
    [['replay', 'assets.download']],
    [['replay', 'assets.download', '--from', 'soon']],
    [['replay', 'download', '--from', 'earliest']],
    [['replay', 'a.b.c', '--from', 'earliest']],
    [['replay', 'assets.download', '--from', 'earliest', '--partition', '-1']],
    [['replay', 'assets.download', '--from', 'earliest', '--to', 'latest']],
    [['submit']],
    [['submit', 'assets', '{}', 'extra']],
    [['submit', 'assets', '{}', '--not-before', 'soon']],
    [['submit', 'assets', '{}', '--wait', '--timeout', '0']],
    [['task']],
    [['tasks', '--state', 'gone']],
    [['tasks', '--limit', '0']],
    [['tasks', '--since', 'yesterday']],
    [['topics', 'destroy']],
    [['demo', '--tasks', '3']],
  ])('%j is exit code 2, without a stack', async (args) => {
    const { code, out, err } = await run(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).not.toBe('');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    [['nonsense'], 'penstock --help'],
    [['tasks', '--limit', '0'], 'penstock tasks --help'],
    [['topics', 'list', '--nonsense'], 'penstock topics list --help'],
    [['sql', ' '], 'penstock sql --help'],
    [['replay', 'download', '--from', 'earliest'], 'penstock replay --help'],
  ])('%j points at %s', async (args, help) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(`(${help} shows`);
  });

  it('that only the pipelines can tell are exit code 1, with a code and a remedy', async () => {
    const { code, err } = await run('replay', 'assets.nope', '--from', 'earliest');
    expect(code).toBe(1);
    expect(err).toMatch(/PIPE_STAGE_UNKNOWN.*\n\s+→ /);
  });

  it('a wrong configuration is told whole', async () => {
    vi.stubEnv('PENSTOCK_HTTP_PORT', 'x');
    vi.stubEnv('PENSTOCK_BROKERS', 'nohost');
    const { code, err } = await run('config');
    expect(code).toBe(1);
    expect(err).toContain('PENSTOCK_HTTP_PORT');
    expect(err).toContain('PENSTOCK_BROKERS');
  });

  it('a gateway beyond loopback without tokens is refused before anything is opened', async () => {
    const { code, err } = await run('gateway', '--http-host', '0.0.0.0');
    expect(code).toBe(1);
    expect(err).toContain('PIPE_GATEWAY_TOKENS_REQUIRED');
  });
});

describe('config', () => {
  it('says where each value comes from, and no secret', async () => {
    vi.stubEnv('PENSTOCK_TOKENS', 'very-secret');
    vi.stubEnv('PENSTOCK_CLICKHOUSE_PASSWORD', 'also-secret');
    vi.stubEnv('PENSTOCK_LOG_LEVEL', 'warn');
    const { code, out } = await run('config', '--http-port', '9999', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      PENSTOCK_HTTP_PORT: { value: 9_999, source: 'flag' },
      PENSTOCK_LOG_LEVEL: { value: 'warn', source: 'environment' },
      PENSTOCK_TOKENS: { value: '‹set›', source: 'environment' },
      PENSTOCK_HTTP_HOST: { value: '127.0.0.1', source: 'default' },
    });
    expect(out).not.toContain('secret"');
  });

  it('says which setting an address follows', async () => {
    vi.stubEnv('PENSTOCK_KAFKA_PORT', '1092');
    vi.stubEnv('PENSTOCK_CLICKHOUSE_PORT', '1123');
    vi.stubEnv('PENSTOCK_CLICKHOUSE_URL', 'http://127.0.0.1:9');
    const { out } = await run('config', '--data-dir', '/data', '--json');
    expect(JSON.parse(out)).toMatchObject({
      PENSTOCK_BROKERS: { value: '127.0.0.1:1092', source: 'from PENSTOCK_KAFKA_PORT' },
      PENSTOCK_REGISTRY_URL: { source: 'default' },
      PENSTOCK_CLICKHOUSE_URL: { source: 'environment' },
      PENSTOCK_BLOB_URL: { value: 'file:///data/blobs', source: 'from PENSTOCK_DATA_DIR' },
    });
  });

  it('warns of a variable that nothing reads, and still prints', async () => {
    vi.stubEnv('PENSTOCK_HTTPPORT', '1');
    const { code, out, err } = await run('config', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).not.toHaveProperty('PENSTOCK_HTTPPORT');
    expect(err).toBe('warning: PENSTOCK_HTTPPORT is no setting; is PENSTOCK_HTTP_PORT meant?\n');
  });
});
