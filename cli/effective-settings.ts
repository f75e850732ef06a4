import { type Config, type SettingKey, settings } from '../schemas/config.ts';

type Given = 'flag' | 'environment' | 'file';

/** Unset, these follow another setting. */
const followed: Partial<Record<SettingKey, SettingKey>> = {
  brokers: 'kafkaPort',
  registryUrl: 'registryPort',
  clickhouseUrl: 'clickhousePort',
  blobUrl: 'dataDir',
  uploadUrl: 'dataDir',
};

export interface EffectiveSetting {
  /** Environment variable. */
  readonly name: string;
  readonly value: string | number | boolean | undefined;
  readonly source: Given | 'default' | `from ${string}`;
}

/** Every setting with where its value came from; pass a redacted configuration. */
export function effectiveSettings(
  config: Config,
  flags: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): EffectiveSetting[] {
  const values = valuesOf(config);
  const givenBy = (key: SettingKey) => giverOf(key, flags, env);
  return Object.keys(settings)
    .filter(isKey)
    .map((key) => ({
      name: settings[key].name,
      value: values[key],
      source: givenBy(key) ?? unsetSource(key, givenBy),
    }));
}

function unsetSource(key: SettingKey, givenBy: (key: SettingKey) => Given | undefined): EffectiveSetting['source'] {
  const other = followed[key];
  return other !== undefined && givenBy(other) ? `from ${settings[other].name}` : 'default';
}

function giverOf(key: SettingKey, flags: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Given | undefined {
  const { name, secret } = settings[key];
  if (typeof flags[key] === 'string') return 'flag';
  if (env[name]?.trim()) return 'environment';
  return secret && env[`${name}_FILE`]?.trim() ? 'file' : undefined;
}

function valuesOf(config: Config): Record<SettingKey, EffectiveSetting['value']> {
  const { kafka, clickhouse, http, s3, stack } = config;
  return {
    brokers: config.brokers.join(','),
    kafkaSsl: kafka.ssl,
    kafkaSaslMechanism: kafka.sasl?.mechanism,
    kafkaSaslUsername: kafka.sasl?.username,
    kafkaSaslPassword: kafka.sasl?.password ?? '‹not set›',
    registryUrl: config.registryUrl,
    clickhouseUrl: clickhouse.url,
    clickhouseUser: clickhouse.user,
    clickhousePassword: clickhouse.password,
    clickhouseDatabase: clickhouse.database,
    httpHost: http.host,
    httpPort: http.port,
    tokens: config.tokens.length > 0 ? config.tokens.join(',') : '‹not set›',
    blobUrl: config.blobUrl,
    uploadUrl: config.uploadUrl,
    s3Endpoint: s3.endpoint,
    s3Region: s3.region,
    s3AccessKeyId: s3.accessKeyId,
    s3SecretAccessKey: s3.secretAccessKey ?? '‹not set›',
    s3ForcePathStyle: s3.forcePathStyle,
    dataDir: config.dataDir,
    logLevel: config.logLevel,
    downloadAllow: config.downloadAllow.join(','),
    historyDays: Object.entries(config.historyDays)
      .map(([table, days]) => `${table}=${days}`)
      .join(','),
    kafkaPort: stack.kafkaPort,
    registryPort: stack.registryPort,
    clickhousePort: stack.clickhousePort,
  };
}

const isKey = (key: string): key is SettingKey => key in settings;
