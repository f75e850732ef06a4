import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, redactConfig, settings, unknownSettings } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of the one error that a wrong configuration gives. */
function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (thrown) {
    if (!(thrown instanceof PenstockError) || thrown.code !== 'PIPE_CONFIG_INVALID') throw thrown;
    return thrown.message.split('\n  - ').slice(1);
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const dataDir = resolve('.penstock');
    expect(loadConfig({})).toEqual({
      brokers: ['127.0.0.1:9092'],
      kafka: { ssl: false },
      registryUrl: 'http://127.0.0.1:8081',
      clickhouse: { url: 'http://127.0.0.1:8123', user: 'default', password: '', database: 'penstock' },
      http: { host: '127.0.0.1', port: 8080 },
      tokens: [],
      blobUrl: pathToFileURL(join(dataDir, 'blobs')).href,
      uploadUrl: pathToFileURL(join(dataDir, 'outputs')).href,
      s3: { region: 'us-east-1', forcePathStyle: false },
      dataDir,
      logLevel: 'info',
      downloadAllow: [],
      historyDays: {},
      stack: { kafkaPort: 9092, registryPort: 8081, clickhousePort: 8123 },
    });
  });

  it('reads every variable', () => {
    const config = loadConfig({
      PENSTOCK_BROKERS: 'a:1, [::1]:2',
      PENSTOCK_KAFKA_SSL: 'TRUE',
      PENSTOCK_KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      PENSTOCK_KAFKA_SASL_USERNAME: 'u',
      PENSTOCK_KAFKA_SASL_PASSWORD: 'p',
      PENSTOCK_REGISTRY_URL: 'https://r.example/base/',
      PENSTOCK_CLICKHOUSE_URL: 'http://c:8123',
      PENSTOCK_CLICKHOUSE_USER: 'cu',
      PENSTOCK_CLICKHOUSE_PASSWORD: 'cp',
      PENSTOCK_CLICKHOUSE_DATABASE: 'other',
      PENSTOCK_HTTP_HOST: '0.0.0.0',
      PENSTOCK_HTTP_PORT: '81',
      PENSTOCK_TOKENS: 't1,t2',
      PENSTOCK_BLOB_URL: 's3://bucket/blobs',
      PENSTOCK_UPLOAD_URL: 'https://h/put',
      PENSTOCK_S3_ENDPOINT: 'http://127.0.0.1:4568',
      PENSTOCK_S3_REGION: 'eu-west-1',
      PENSTOCK_S3_ACCESS_KEY_ID: 'k',
      PENSTOCK_S3_SECRET_ACCESS_KEY: 's',
      PENSTOCK_S3_FORCE_PATH_STYLE: 'yes',
      PENSTOCK_DATA_DIR: '/data',
      PENSTOCK_LOG_LEVEL: 'debug',
      PENSTOCK_DOWNLOAD_ALLOW: '127.0.0.1, 10.0.0.0/8',
      PENSTOCK_KAFKA_PORT: '1',
      PENSTOCK_REGISTRY_PORT: '2',
      PENSTOCK_CLICKHOUSE_PORT: '65535',
    });
    expect(config).toEqual({
      brokers: ['a:1', '[::1]:2'],
      kafka: { ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' } },
      registryUrl: 'https://r.example/base',
      clickhouse: { url: 'http://c:8123', user: 'cu', password: 'cp', database: 'other' },
      http: { host: '0.0.0.0', port: 81 },
      tokens: ['t1', 't2'],
      blobUrl: 's3://bucket/blobs',
      uploadUrl: 'https://h/put',
      s3: {
        endpoint: 'http://127.0.0.1:4568',
        region: 'eu-west-1',
        accessKeyId: 'k',
        secretAccessKey: 's',
        forcePathStyle: true,
      },
      dataDir: '/data',
      logLevel: 'debug',
      downloadAllow: ['127.0.0.1', '10.0.0.0/8'],
      historyDays: {},
      stack: { kafkaPort: 1, registryPort: 2, clickhousePort: 65_535 },
    });
  });

  it('lets flags win over the environment, and ignores those not given', () => {
    const env = { PENSTOCK_HTTP_PORT: '1000', PENSTOCK_LOG_LEVEL: 'warn' };
    const config = loadConfig(env, { httpPort: 2000, logLevel: undefined, kafkaSsl: true, brokers: ['x:1', 'y:2'] });
    expect(config.http.port).toBe(2000);
    expect(config.logLevel).toBe('warn');
    expect(config.kafka.ssl).toBe(true);
    expect(config.brokers).toEqual(['x:1', 'y:2']);
  });

  it('looks for the embedded stack where its ports say, unless a URL is given', () => {
    const env = { PENSTOCK_KAFKA_PORT: '1092', PENSTOCK_REGISTRY_PORT: '1081', PENSTOCK_CLICKHOUSE_PORT: '1123' };
    const config = loadConfig({ ...env, PENSTOCK_CLICKHOUSE_URL: 'http://ch:8123' });
    expect(config.brokers).toEqual(['127.0.0.1:1092']);
    expect(config.registryUrl).toBe('http://127.0.0.1:1081');
    expect(config.clickhouse.url).toBe('http://ch:8123');
  });

  it('takes an empty variable for unset', () => {
    expect(loadConfig({ PENSTOCK_HTTP_PORT: '', PENSTOCK_TOKENS: ' ' })).toEqual(loadConfig({}));
  });

  it('reads secrets from files; the variable itself wins', () => {
    const path = join(folder, 'tokens');
    writeFileSync(path, 't1\nt2\n');
    expect(loadConfig({ PENSTOCK_TOKENS_FILE: path }).tokens).toEqual(['t1', 't2']);
    expect(loadConfig({ PENSTOCK_TOKENS_FILE: path, PENSTOCK_TOKENS: 'x' }).tokens).toEqual(['x']);
  });
});

describe('a wrong configuration', () => {
  it('is refused once, with every problem', () => {
    const problems = problemsOf({
      PENSTOCK_BROKERS: 'nohost',
      PENSTOCK_HTTP_PORT: '65536',
      PENSTOCK_REGISTRY_URL: 'ftp://x',
      PENSTOCK_LOG_LEVEL: 'loud',
      PENSTOCK_KAFKA_SSL: 'maybe',
    });
    expect(problems).toEqual([
      'PENSTOCK_BROKERS must be host:port (it is “nohost”)',
      'PENSTOCK_KAFKA_SSL must be true or false (it is “maybe”)',
      'PENSTOCK_REGISTRY_URL must be a URL that begins with http:// or https:// (it is “ftp://x”)',
      'PENSTOCK_HTTP_PORT must be a port, 1 to 65535 (it is “65536”)',
      'PENSTOCK_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent (it is “loud”)',
    ]);
  });

  const cases: [Record<string, string>, RegExp][] = [
    [{ PENSTOCK_HTTP_PORT: '0' }, /1 to 65535/],
    [{ PENSTOCK_HTTP_PORT: '80a' }, /1 to 65535/],
    [{ PENSTOCK_BROKERS: ',' }, /at least one broker/],
    [{ PENSTOCK_BROKERS: 'a:99999' }, /host:port/],
    [{ PENSTOCK_BROKERS: 'a:1, nohost' }, /must be host:port at place 2 \(it is “a:1, nohost”\)/],
    [{ PENSTOCK_BLOB_URL: 's3:///prefix' }, /bucket/],
    [{ PENSTOCK_BLOB_URL: 'file://relative' }, /absolute path/],
    [{ PENSTOCK_BLOB_URL: 'file:///' }, /folder/],
    [{ PENSTOCK_BLOB_URL: './blobs' }, /URL that begins with file:\/\/ or s3:\/\//],
    [{ PENSTOCK_CLICKHOUSE_DATABASE: 'a; DROP' }, /letters, digits and underscores/],
    [{ PENSTOCK_HISTORY_DAYS: 'attempts=30,users=1' }, /table=days/],
    [{ PENSTOCK_HISTORY_DAYS: 'attempts=0' }, /table=days/],
    [{ PENSTOCK_HTTP_HOST: 'a b' }, /host name/],
    [{ PENSTOCK_KAFKA_SASL_USERNAME: 'u' }, /all three or none/],
    [{ PENSTOCK_S3_ACCESS_KEY_ID: 'k' }, /both or none/],
    [{ PENSTOCK_TOKENS_FILE: '/does/not/exist' }, /PENSTOCK_TOKENS_FILE.*cannot be read \(ENOENT\)/],
  ];
  it.each(cases)('%o', (env, reason) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(reason);
  });

  it('is told without its secrets', () => {
    const [problem] = problemsOf({ PENSTOCK_REGISTRY_URL: 'ftp://user:hunter2@host' });
    expect(problem).not.toContain('hunter2');
    expect(problemsOf({ PENSTOCK_BROKERS: 'kafka://user:hunter2@host:1' }).join()).not.toContain('hunter2');
  });
});

describe('unknownSettings', () => {
  it('finds the variables of the prefix that nothing reads, and the name that was perhaps meant', () => {
    const env = {
      PATH: '/bin',
      PENSTOCK_HTTP_PORT: '1',
      PENSTOCK_TOKENS_FILE: 't',
      PENSTOCK_HTPP_PORT: '2',
      PENSTOCK_BROKER: 'a:1',
      PENSTOCK_SOMETHING_ELSE: '',
      PENSTOCK_UNSET: undefined,
    };
    expect(unknownSettings(env)).toEqual([
      { name: 'PENSTOCK_HTPP_PORT', nearest: 'PENSTOCK_HTTP_PORT' },
      { name: 'PENSTOCK_BROKER', nearest: 'PENSTOCK_BROKERS' },
      { name: 'PENSTOCK_SOMETHING_ELSE', nearest: undefined },
    ]);
  });
});

describe('redactConfig', () => {
  const secrets = {
    PENSTOCK_KAFKA_SASL_MECHANISM: 'plain',
    PENSTOCK_KAFKA_SASL_USERNAME: 'u',
    PENSTOCK_KAFKA_SASL_PASSWORD: 'hunter2',
    PENSTOCK_CLICKHOUSE_PASSWORD: 'hunter2',
    PENSTOCK_TOKENS: 'hunter2,hunter2',
    PENSTOCK_S3_ACCESS_KEY_ID: 'k',
    PENSTOCK_S3_SECRET_ACCESS_KEY: 'hunter2',
    PENSTOCK_REGISTRY_URL: 'http://user:hunter2@r',
    PENSTOCK_CLICKHOUSE_URL: 'http://user:hunter2@c',
    PENSTOCK_UPLOAD_URL: 'https://h/put?signature=hunter2',
    PENSTOCK_S3_ENDPOINT: 'http://user:hunter2@s',
  };

  it('shows no secret, and which ones are set', () => {
    const shown = redactConfig(loadConfig(secrets));
    expect(JSON.stringify(shown)).not.toContain('hunter2');
    expect(shown.tokens).toEqual(['‹set›', '‹set›']);
    expect(shown.clickhouse.password).toBe('‹set›');
    expect(shown.registryUrl).toContain('user');
    expect(redactConfig(loadConfig({})).clickhouse.password).toBe('‹not set›');
  });
});

describe('the table of settings', () => {
  it('names each variable once, with a doc', () => {
    const all = Object.values(settings);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, doc } of all)
      expect([name, doc]).toEqual([expect.stringMatching(/^PENSTOCK_[A-Z0-9_]+$/), expect.stringMatching(/\.$/)]);
  });

  it('has defaults that their own parsers take', () => {
    for (const setting of Object.values(settings)) {
      if ('default' in setting && setting.default !== '') expect(setting.parse(setting.default)).toBeDefined();
    }
  });
});
