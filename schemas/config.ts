import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config, S3Config, Sasl } from './config/config-types.ts';
import { type ConfigOverrides, type Environment, SettingsReader } from './config/read-settings.ts';
import type { SettingKey, SettingValue } from './config/settings.ts';
import { PenstockError } from './errors.ts';

export type { Config, S3Config, Sasl } from './config/config-types.ts';
export type { ConfigOverrides } from './config/read-settings.ts';
export { redactConfig, redactUrl } from './config/redact.ts';
export { type SettingKey, settings } from './config/settings.ts';
export { type UnknownSetting, unknownSettings } from './config/unknown-settings.ts';

/**
 * Reads the configuration; no .env file is read. Overrides (flags) are given by setting name, e.g. `{ httpPort: 9000 }`;
 * undefined ones do not count. Throws one PIPE_CONFIG_INVALID that lists every problem.
 */
export function loadConfig(env: Environment = process.env, overrides: ConfigOverrides = {}): Config {
  const reader = new SettingsReader(env, overrides);
  const config = assemble(reader);
  if (reader.problems.length > 0) {
    const lines = reader.problems.map((problem) => `\n  - ${problem}`).join('');
    throw new PenstockError('PIPE_CONFIG_INVALID', `the configuration has ${countOf(reader.problems)}:${lines}`);
  }
  return config;
}

function countOf(problems: readonly string[]): string {
  return problems.length === 1 ? 'one problem' : `${problems.length} problems`;
}

/** Stand-ins for values with a problem never leave loadConfig: it throws. */
function assemble(reader: SettingsReader): Config {
  const required = <K extends SettingKey>(key: K, standIn: NonNullable<SettingValue<K>>) => reader.read(key) ?? standIn;
  const dataDir = resolve(required('dataDir', '.'));
  const sasl = readSasl(reader);
  const tokensFile = reader.fileOf('tokens');
  const stack = {
    kafkaPort: required('kafkaPort', 0),
    registryPort: required('registryPort', 0),
    clickhousePort: required('clickhousePort', 0),
  };
  return {
    brokers: reader.isGiven('brokers') ? required('brokers', []) : [`127.0.0.1:${stack.kafkaPort}`],
    kafka: { ssl: required('kafkaSsl', false), ...(sasl ? { sasl } : {}) },
    registryUrl: urlOr(reader, 'registryUrl', stack.registryPort),
    clickhouse: {
      url: urlOr(reader, 'clickhouseUrl', stack.clickhousePort),
      user: required('clickhouseUser', ''),
      password: required('clickhousePassword', ''),
      database: required('clickhouseDatabase', ''),
    },
    historyDays: required('historyDays', {}),
    http: { host: required('httpHost', ''), port: required('httpPort', 0) },
    tokens: required('tokens', []),
    ...(tokensFile ? { tokensFile } : {}),
    blobUrl: reader.read('blobUrl') ?? folderUrl(dataDir, 'blobs'),
    uploadUrl: reader.read('uploadUrl') ?? folderUrl(dataDir, 'outputs'),
    s3: readS3(reader),
    dataDir,
    logLevel: required('logLevel', 'info'),
    downloadAllow: required('downloadAllow', []),
    stack,
  };
}

/** With other ports for the embedded stack and no URL given, the stack's own place is meant. */
function urlOr(reader: SettingsReader, key: 'registryUrl' | 'clickhouseUrl', stackPort: number): string {
  const local = `http://127.0.0.1:${stackPort}`;
  return reader.isGiven(key) ? (reader.read(key) ?? local) : local;
}

function folderUrl(dataDir: string, folder: string): string {
  return pathToFileURL(resolve(dataDir, folder)).href;
}

function readSasl(reader: SettingsReader): Sasl | undefined {
  const mechanism = reader.read('kafkaSaslMechanism');
  const username = reader.read('kafkaSaslUsername');
  const password = reader.read('kafkaSaslPassword');
  if (mechanism && username && password) return { mechanism, username, password };
  if (reader.isGiven('kafkaSaslMechanism') || username || password) {
    reader.problems.push('PENSTOCK_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD go together: set all three or none');
  }
  return undefined;
}

function readS3(reader: SettingsReader): S3Config {
  const endpoint = reader.read('s3Endpoint');
  const accessKeyId = reader.read('s3AccessKeyId');
  const secretAccessKey = reader.read('s3SecretAccessKey');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    reader.problems.push('PENSTOCK_S3_ACCESS_KEY_ID and PENSTOCK_S3_SECRET_ACCESS_KEY go together: set both or none');
  }
  return {
    ...(endpoint ? { endpoint } : {}),
    region: reader.read('s3Region') ?? '',
    ...(accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : {}),
    forcePathStyle: reader.read('s3ForcePathStyle') ?? false,
  };
}
