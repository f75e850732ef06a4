import { createRequire } from 'node:module';
import { freeMiB, minFreeMiB } from '../../deploy/embedded/disk-space.ts';
import { findJava } from '../../deploy/embedded/java.ts';
import { hasKafkaJars, hasMaven, kafkaHome, kafkaVersion } from '../../deploy/embedded/kafka-jars.ts';
import { checkPorts } from '../../deploy/embedded/ports.ts';
import { componentNames, portClaim } from '../../deploy/embedded/stack-options.ts';
import { findSupervisor } from '../../deploy/embedded/stack-status.ts';
import type { Config } from '../../schemas/config.ts';
import { errorCatalogue } from '../../schemas/error-catalogue.ts';
import { examine, type Finding, fail, ok, warn } from './finding.ts';

/** Node and disk, and what the embedded stack needs: with a Kafka of one's own the lack of that is only worth a word. */
export async function examineMachine(config: Config): Promise<Finding[]> {
  const always = [
    examine('Node', async () => examineNode(process.versions.node)),
    examine('disk', () => examineDisk(config.dataDir)),
  ];
  const forStack = [
    examine('Java', examineJava),
    examine('Kafka jars', examineJars),
    examine('chdb', async () => examineChdb()),
    // Taken by a Kafka of one's own perhaps: whether it answers is another check.
    examine('ports', () => examinePorts(config)).then(soften),
  ];
  const isEmbedded = config.brokers.includes(`127.0.0.1:${config.stack.kafkaPort}`);
  const needs = await Promise.all(forStack);
  return [...(await Promise.all(always)), ...(isEmbedded ? needs : needs.map(soften))];
}

export function soften(finding: Finding): Finding {
  return finding.verdict === 'fail' ? { ...finding, verdict: 'warn' } : finding;
}

export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return ok('Node', version);
  return fail('Node', `${version}, and 20.19 or newer is needed`, errorCatalogue.PIPE_SETUP_NODE_TOO_OLD.remedy);
}

async function examineJava(): Promise<Finding> {
  const { command, major } = await findJava();
  return ok('Java', `${major} (${command})`);
}

async function examineJars(): Promise<Finding> {
  if (await hasKafkaJars()) return ok('Kafka jars', `${kafkaVersion} in ${kafkaHome()}`);
  if (await hasMaven()) return warn('Kafka jars', 'not downloaded yet', 'Nothing: penstock up downloads them once.');
  return fail('Kafka jars', 'not downloaded yet, and there is no Maven', errorCatalogue.PIPE_STACK_NO_MAVEN.remedy);
}

function examineChdb(): Finding {
  try {
    createRequire(import.meta.url).resolve('chdb');
    return ok('chdb', 'installed');
  } catch {
    // Not fatal: with a ClickHouse server it is not needed.
    return warn('chdb', 'not installed, so there is no embedded ClickHouse', errorCatalogue.PIPE_STACK_NO_CHDB.remedy);
  }
}

async function examineDisk(dataDir: string): Promise<Finding> {
  const free = await freeMiB(dataDir);
  const detail = `${free} MiB free for ${dataDir}`;
  return free >= minFreeMiB ? ok('disk', detail) : fail('disk', detail, errorCatalogue.PIPE_STACK_DISK_FULL.remedy);
}

async function examinePorts({ dataDir, stack }: Config): Promise<Finding> {
  const ports = { kafka: stack.kafkaPort, registry: stack.registryPort, clickhouse: stack.clickhousePort };
  const shown = Object.values(ports).join(', ');
  if (await findSupervisor(dataDir)) return ok('ports', `${shown}: the stack runs`);
  await checkPorts(componentNames.map((name) => portClaim(name, ports[name])));
  return ok('ports', `${shown} are free`);
}
