import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../cli/run-cli.ts';
import { kafkaVersion } from '../../deploy/embedded/kafka-jars.ts';
import { settings } from '../../schemas/config.ts';

type Condition = 'service_healthy' | 'service_completed_successfully' | 'service_started';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: Condition }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const compose: Compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true });
const services = Object.entries(compose.services);
const roles = services.filter(([, service]) => service.image === 'penstock:local');
const dockerfile = readFileSync('deploy/Dockerfile', 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

const settingNames = Object.values(settings).flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
const ownVariables = (service: Service): string[] =>
  Object.keys(service.environment ?? {}).filter((name) => name.startsWith('PENSTOCK_'));

const isFlag = (word: string): boolean => word.startsWith('-');
const portOf = (key: 'registryUrl' | 'clickhouseUrl'): string => new URL(settings[key].default).port;

/** The command that the words before the first flag name; undefined where there is none. */
function findCommand(words: readonly string[]): Command | undefined {
  const end = words.findIndex(isFlag);
  const names = end < 0 ? words : words.slice(0, end);
  return names.reduce<Command | undefined>(
    (command, name) => command?.commands.find((child) => child.name() === name),
    buildProgram(),
  );
}

it('has the roles of Penstock beside Kafka, a registry and ClickHouse', () => {
  expect(roles.map(([name]) => name)).toEqual(['provision', 'gateway', 'worker', 'sink']);
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['kafka', 'registry', 'clickhouse']));
});

it('sets only variables that the configuration knows', () => {
  const used = roles.flatMap(([, service]) => ownVariables(service));
  expect(used.length).toBeGreaterThan(roles.length);
  expect(used.filter((name) => !settingNames.includes(name))).toEqual([]);
});

it('calls commands and flags that exist', () => {
  for (const [name, { command: words = [] }] of roles) {
    const command = findCommand(words);
    expect(command, `${name} runs “${words.join(' ')}”`).toBeDefined();
    const known = command?.options.flatMap(({ long, short }) => [long, short]) ?? [];
    expect(
      words.filter((word) => isFlag(word) && !known.includes(word)),
      name,
    ).toEqual([]);
  }
});

it('waits only for services that exist, and for health only where it is checked', () => {
  const waits = services.flatMap(([name, { depends_on = {} }]) =>
    Object.entries(depends_on).map(([on, { condition }]) => ({ name, on, condition })),
  );
  expect(waits.map(({ on }) => on)).toEqual(expect.arrayContaining(['kafka', 'registry', 'clickhouse', 'provision']));
  for (const { name, on, condition } of waits) {
    const service = compose.services[on];
    expect(service, `${name} waits for ${on}`).toBeDefined();
    if (condition === 'service_healthy') expect(service?.healthcheck, `${name} waits for ${on}`).toBeDefined();
    if (condition === 'service_completed_successfully') expect(service?.restart, on).toBe('no');
  }
});

it('names volumes and secrets that it declares, and reaches services by a port that they listen on', () => {
  for (const [name, { volumes = [], secrets = [] }] of services) {
    const named = volumes.map((volume) => volume.split(':')[0] ?? '').filter((volume) => !/^[./]/.test(volume));
    expect(Object.keys(compose.volumes), name).toEqual(expect.arrayContaining(named));
    expect(Object.keys(compose.secrets), name).toEqual(expect.arrayContaining([...secrets]));
  }
  const { KAFKA_ADVERTISED_LISTENERS: advertised } = compose.services.kafka?.environment ?? {};
  expect(roles[0]?.[1].environment).toMatchObject({
    PENSTOCK_BROKERS: /INSIDE:\/\/([^,]+)/.exec(String(advertised))?.[1],
    PENSTOCK_REGISTRY_URL: `http://registry:${portOf('registryUrl')}`,
    PENSTOCK_CLICKHOUSE_URL: `http://clickhouse:${portOf('clickhouseUrl')}`,
  });
});

it('reads secrets from the files that it mounts', () => {
  for (const [name, service] of roles) {
    const files = Object.entries(service.environment ?? {}).filter(([variable]) => variable.endsWith('_FILE'));
    const mounted = (service.secrets ?? []).map((secret) => `/run/secrets/${secret}`);
    expect(mounted, name).toEqual(expect.arrayContaining(files.map(([, path]) => path)));
  }
});

it('has the versions of the embedded stack', () => {
  expect(compose.services.kafka?.image).toBe(`apache/kafka:${kafkaVersion}`);
  expect(readFileSync('deploy/kafka/pom.xml', 'utf8')).toContain(`<version>${kafkaVersion}</version>`);
  const { optionalDependencies } = JSON.parse(readFileSync('node_modules/chdb/package.json', 'utf8'));
  const [engine = ''] = Object.values<string>(optionalDependencies);
  expect(compose.services.clickhouse?.image).toBe(`clickhouse/clickhouse-server:${engine.match(/^\d+\.\d+/)?.[0]}`);
});

it('gives a worker longer to drain than it takes', () => {
  const drainSeconds = 25;
  for (const [name, { stop_grace_period: grace = '10s' }] of roles) {
    expect(Number.parseInt(grace, 10), name).toBeGreaterThan(drainSeconds);
  }
});

it('builds its image from files and npm scripts that exist', () => {
  const [, ...stages] = dockerfile.split(/^FROM /m);
  expect(stages).toHaveLength(2);
  const scripts = [...dockerfile.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script ?? '');
  expect(scripts).toEqual(['build']);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '));
  expect(copied.filter((path) => !existsSync(path))).toEqual([]);
  const made = [...dockerfile.matchAll(/^COPY --from=build \/app\/(\S+)/gm)].map(([, path]) => path);
  expect(made).toEqual(['package.json', 'node_modules', 'dist']);
});

it('starts the file that package.json calls penstock, and leaves the embedded ClickHouse out', () => {
  const { bin, devDependencies } = manifest;
  const [, entry] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
  expect(JSON.parse(entry ?? '')).toEqual(['node', `/app/${bin.penstock}`]);
  expect(existsSync(bin.penstock.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
  expect(devDependencies).toHaveProperty('chdb');
});
