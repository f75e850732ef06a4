import type { SettingValue } from './settings.ts';

export interface Sasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface S3Config {
  readonly endpoint?: string;
  readonly region: string;
  /** Absent, together with the secret: the AWS SDK looks for credentials itself. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly forcePathStyle: boolean;
}

/** The effective configuration: environment with the prefix PENSTOCK_, flags over it, defaults below it. */
export interface Config {
  /** host:port each. */
  readonly brokers: string[];
  readonly kafka: { readonly ssl: boolean; readonly sasl?: Sasl };
  readonly registryUrl: string;
  readonly clickhouse: {
    readonly url: string;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** Days by table of the history; absent: as its DDL says. */
  readonly historyDays: Readonly<Partial<Record<string, number>>>;
  readonly http: { readonly host: string; readonly port: number };
  /** Entries as in token-entry.ts; none, and no file of them: no token is asked for. */
  readonly tokens: string[];
  /** The file that `tokens` came from; the gateway reads it again when it changes. */
  readonly tokensFile?: string;
  /** file:// or s3://. */
  readonly blobUrl: string;
  /** file://, s3:// or http(s)://. */
  readonly uploadUrl: string;
  readonly s3: S3Config;
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: SettingValue<'logLevel'>;
  /** Hosts or CIDRs exempt from the SSRF guard. */
  readonly downloadAllow: string[];
  /** Ports of the embedded stack. */
  readonly stack: { readonly kafkaPort: number; readonly registryPort: number; readonly clickhousePort: number };
}
