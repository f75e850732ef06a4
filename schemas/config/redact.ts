import type { Config } from './config-types.ts';

const shown = (secret: string | undefined): string => (secret ? '‹set›' : '‹not set›');

/** A copy that may be printed: secrets as ‹set› or ‹not set›, credentials inside URLs and brokers taken out. */
export function redactConfig(config: Config): Config {
  const { kafka, clickhouse, s3 } = config;
  return {
    ...config,
    registryUrl: redactUrl(config.registryUrl),
    uploadUrl: redactUrl(config.uploadUrl),
    blobUrl: redactUrl(config.blobUrl),
    kafka: kafka.sasl ? { ...kafka, sasl: { ...kafka.sasl, password: shown(kafka.sasl.password) } } : kafka,
    clickhouse: { ...clickhouse, url: redactUrl(clickhouse.url), password: shown(clickhouse.password) },
    tokens: config.tokens.map(shown),
    s3: {
      ...s3,
      ...(s3.endpoint ? { endpoint: redactUrl(s3.endpoint) } : {}),
      ...(s3.secretAccessKey ? { secretAccessKey: shown(s3.secretAccessKey) } : {}),
    },
  };
}

/** The URL without its password, and without a query, where signed URLs keep their secrets. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '‹not a URL›';
  const parsed = new URL(url);
  if (parsed.password) parsed.password = 'redacted';
  if (parsed.search) parsed.search = '?redacted';
  return parsed.password || parsed.search ? parsed.href : url;
}
