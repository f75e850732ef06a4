import { findFreePort, type PortClaim } from './ports.ts';

export const componentNames = ['kafka', 'registry', 'clickhouse'] as const;
export type ComponentName = (typeof componentNames)[number];

/** Told of each step, as a line for people. */
export type Progress = (line: string) => void;

export interface StackOptions {
  /** All that the stack writes is in here; one stack a folder. */
  readonly dataDir: string;
  /** Loopback ports; 0 draws a free one. */
  readonly kafkaPort: number;
  readonly registryPort: number;
  readonly clickhousePort: number;
  /** Default: all three. */
  readonly only?: readonly ComponentName[];
  readonly onProgress?: Progress;
  /** Of Kafka’s Java, after those that make it start quickly, which they override. Default: none. */
  readonly jvmOptions?: readonly string[];
}

export type ComponentPorts = Readonly<Record<ComponentName, number>>;

export async function choosePorts(options: StackOptions): Promise<ComponentPorts> {
  const choose = (port: number) => (port === 0 ? findFreePort() : port);
  return {
    kafka: await choose(options.kafkaPort),
    registry: await choose(options.registryPort),
    clickhouse: await choose(options.clickhousePort),
  };
}

const labels = { kafka: 'Kafka', registry: 'the schema registry', clickhouse: 'ClickHouse' } as const;

export function portClaim(name: ComponentName, port: number): PortClaim {
  return { port, purpose: labels[name], variable: `PENSTOCK_${name.toUpperCase()}_PORT`, flag: `--${name}-port` };
}
