import { type Config, type SettingKey, settings } from '../schemas/config.ts';

export interface EffectiveSetting {
  /** Environment variable. */
  readonly name: string;
  readonly value: string | number | boolean | undefined;
  readonly source: 'flag' | 'environment' | 'file' | 'default';
}

/** Every setting with where its value came from; pass a redacted configuration. */
export function effectiveSettings(
  config: Config,
  flags: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): EffectiveSetting[] {
  const values = valuesOf(config);
  return Object.entries(settings).map(([key, { name, secret }]) => ({
    name,
    value: isKey(key) ? values[key] : undefined,
    source: sourceOf(typeof flags[key] === 'string', name, secret, env),
  }));
}

function sourceOf(isFlag: boolean, name: string, secret: boolean, env: NodeJS.ProcessEnv): EffectiveSetting['source'] {
  if (isFlag) return 'flag';
  if (env[name]?.trim()) return 'environment';
  return secret && env[`${name}_FILE`]?.trim() ? 'file' : 'default';
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
    kafkaPort: stack.kafkaPort,
    registryPort: stack.registryPort,
    clickhousePort: stack.clickhousePort,
  };
}

const isKey = (key: string): key is SettingKey => key in settings;
