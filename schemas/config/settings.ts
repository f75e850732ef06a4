import { brokerList, flag, host, identifier, keptDaysList, list, oneOf, port, text, tokenList, url } from './parse.ts';
import type { Parse, Setting } from './setting.ts';

type Extra = { readonly default?: string; readonly secret?: true };

function setting<T, E extends Extra>(name: string, parse: Parse<T>, doc: string, extra: E): Setting<T> & E {
  return { secret: false, ...extra, name: `PENSTOCK_${name}`, parse, doc };
}

const httpUrl = url('http', 'https');
const loopback = (portNumber: number): string => `http://127.0.0.1:${portNumber}`;

/** Every setting, by the name that overrides use. */
export const settings = {
  brokers: setting('BROKERS', brokerList, 'Kafka brokers, host:port, parted by commas.', { default: '127.0.0.1:9092' }),
  kafkaSsl: setting('KAFKA_SSL', flag, 'TLS to the brokers.', { default: 'false' }),
  kafkaSaslMechanism: setting(
    'KAFKA_SASL_MECHANISM',
    oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
    'SASL mechanism: plain, scram-sha-256 or scram-sha-512; unset: no SASL.',
    {},
  ),
  kafkaSaslUsername: setting('KAFKA_SASL_USERNAME', text, 'SASL user name.', {}),
  kafkaSaslPassword: setting('KAFKA_SASL_PASSWORD', text, 'SASL password.', { secret: true }),
  registryUrl: setting('REGISTRY_URL', httpUrl, 'Schema registry with the Confluent REST API.', {
    default: loopback(8081),
  }),
  clickhouseUrl: setting('CLICKHOUSE_URL', httpUrl, 'ClickHouse over HTTP.', { default: loopback(8123) }),
  clickhouseUser: setting('CLICKHOUSE_USER', text, 'ClickHouse user.', { default: 'default' }),
  clickhousePassword: setting('CLICKHOUSE_PASSWORD', text, 'ClickHouse password.', { default: '', secret: true }),
  clickhouseDatabase: setting('CLICKHOUSE_DATABASE', identifier, 'ClickHouse database.', { default: 'penstock' }),
  historyDays: setting(
    'HISTORY_DAYS',
    keptDaysList,
    'Days that a table of the history is kept where it is not the default: attempts=30,throughput_1m=90.',
    { default: '' },
  ),
  httpHost: setting('HTTP_HOST', host, 'Address that the gateway listens on.', { default: '127.0.0.1' }),
  httpPort: setting('HTTP_PORT', port, 'Port that the gateway listens on.', { default: '8080' }),
  tokens: setting(
    'TOKENS',
    tokenList,
    'Bearer tokens that the gateway accepts, or their hashes, parted by commas or lines; unset: none asked.',
    {
      default: '',
      secret: true,
    },
  ),
  blobUrl: setting(
    'BLOB_URL',
    url('file', 's3'),
    'Blob store: file:///folder or s3://bucket/prefix; default: blobs in the data folder.',
    {},
  ),
  uploadUrl: setting(
    'UPLOAD_URL',
    url('file', 's3', 'http', 'https'),
    'Where uploads go: file:///folder, s3://bucket/prefix or https://host/prefix (PUT); default: outputs in the data folder.',
    {},
  ),
  s3Endpoint: setting('S3_ENDPOINT', httpUrl, 'S3 endpoint other than Amazon’s.', {}),
  s3Region: setting('S3_REGION', text, 'S3 region.', { default: 'us-east-1' }),
  s3AccessKeyId: setting('S3_ACCESS_KEY_ID', text, 'S3 access key; unset: as the AWS SDK finds it.', {}),
  s3SecretAccessKey: setting('S3_SECRET_ACCESS_KEY', text, 'S3 secret key.', { secret: true }),
  s3ForcePathStyle: setting('S3_FORCE_PATH_STYLE', flag, 'Bucket in the path, not in the host name.', {
    default: 'false',
  }),
  dataDir: setting('DATA_DIR', text, 'Folder of the embedded stack, blobs and outputs.', { default: '.penstock' }),
  logLevel: setting('LOG_LEVEL', oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'Log level.', {
    default: 'info',
  }),
  downloadAllow: setting(
    'DOWNLOAD_ALLOW',
    list,
    'Hosts or CIDRs that downloads may reach though they are private, parted by commas.',
    { default: '' },
  ),
  kafkaPort: setting('KAFKA_PORT', port, 'Port of the embedded Kafka.', { default: '9092' }),
  registryPort: setting('REGISTRY_PORT', port, 'Port of the embedded registry.', { default: '8081' }),
  clickhousePort: setting('CLICKHOUSE_PORT', port, 'Port of the embedded ClickHouse.', { default: '8123' }),
} as const;

export type SettingKey = keyof typeof settings;

/** Type of a setting's value; undefined where it has no default. */
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends { readonly default: string }
  ? ReturnType<(typeof settings)[K]['parse']>
  : ReturnType<(typeof settings)[K]['parse']> | undefined;
