import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test as plainTest } from 'vitest';
import { startStackInBackground } from '../../deploy/embedded/background.ts';
import { findFreePort } from '../../deploy/embedded/ports.ts';
import { isProcessAlive, type ProcessIdentity } from '../../deploy/embedded/process-identity.ts';
import { startStack } from '../../deploy/embedded/stack.ts';
import type { StackOptions } from '../../deploy/embedded/stack-options.ts';
import { findSupervisor, reportStack } from '../../deploy/embedded/stack-status.ts';
import { readStackState } from '../../deploy/embedded/state-file.ts';
import { stopStack } from '../../deploy/embedded/stop-stack.ts';
import { connectKafka } from '../../topics/client.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

/** Options of a stack of its own, ended whatever the test does. */
const test = plainTest.extend<{ options: StackOptions }>({
  // biome's and vitest's contract: the first argument names the fixtures that this one needs, and it needs none.
  options: async ({ task: _task }, use) => {
    const dataDir = makeTempDir();
    onTestFinished(async () => {
      await stopStack(dataDir, () => {});
    });
    const ports = { kafkaPort: await findFreePort(), registryPort: await findFreePort() };
    await use({ dataDir, ...ports, clickhousePort: 0, only: ['kafka', 'registry'] });
  },
});

const processesOf = (dataDir: string): ProcessIdentity[] =>
  readStackState(dataDir)?.components.flatMap(({ processes }) => processes) ?? [];

async function supervisorOf(dataDir: string): Promise<ProcessIdentity> {
  const supervisor = await findSupervisor(dataDir);
  if (!supervisor) throw new Error('no supervisor');
  return supervisor;
}

async function killSupervisor(supervisor: ProcessIdentity): Promise<void> {
  process.kill(supervisor.pid, 'SIGKILL');
  await until('the supervisor to end', () => (isProcessAlive(supervisor) ? undefined : true));
}

async function produceOne(broker: string, topic: string): Promise<void> {
  const kafka = connectKafka({ brokers: [broker] });
  const admin = await kafka.admin();
  await admin.createTopics([{ name: topic, partitions: 1, config: {} }]);
  await admin.close();
  const producer = await kafka.producer();
  await producer.send([{ topic, key: null, value: Buffer.from('kept') }]);
  await producer.close();
}

async function countRecords(broker: string, topic: string): Promise<number> {
  const admin = await connectKafka({ brokers: [broker] }).admin();
  const [partition] = await admin.offsets(topic);
  await admin.close();
  return partition?.latest ?? 0;
}

test('after kill -9 of the supervisor nothing is left running, and the next start has the data', async ({
  options,
}) => {
  const broker = (await startStackInBackground(options)).brokers[0] ?? '';
  await produceOne(broker, 'kept');
  const before = processesOf(options.dataDir);
  expect(before).toHaveLength(3);
  await killSupervisor(await supervisorOf(options.dataDir));
  await until('the children to end', () => (before.some(isProcessAlive) ? undefined : true));
  expect(await reportStack(options.dataDir)).toMatchObject({ supervisorPid: null, isHealthy: false });

  const stack = await startStack(options);
  expect(await countRecords(broker, 'kept')).toBe(1);
  await stack.stop();
  expect(processesOf(options.dataDir)).toEqual([]);
});

test('a Java whose keeper was killed too is ended by the next start', async ({ options }) => {
  const kafkaOnly: StackOptions = { ...options, only: ['kafka'] };
  await startStackInBackground(kafkaOnly);
  const [keeper, java] = processesOf(options.dataDir);
  if (!keeper || !java) throw new Error('keeper and Java should be in the state file');
  const supervisor = await supervisorOf(options.dataDir);
  // Held, it cannot end Java when it sees the keeper go.
  process.kill(supervisor.pid, 'SIGSTOP');
  process.kill(keeper.pid, 'SIGKILL');
  await killSupervisor(supervisor);
  expect(isProcessAlive(java)).toBe(true);

  const lines: string[] = [];
  const stack = await startStack({ ...kafkaOnly, onProgress: (line) => lines.push(line) });
  expect(isProcessAlive(java)).toBe(false);
  expect(lines).toContainEqual(expect.stringContaining(`ending kafka (process ${java.pid})`));
  await stack.stop();
});

test('a second stack on the same folder is refused, one on another folder runs beside it', async ({ options }) => {
  const registryOnly: StackOptions = { ...options, only: ['registry'] };
  const first = await startStack(registryOnly);
  await expect(startStack(registryOnly)).rejects.toMatchObject({ code: 'PIPE_STACK_ALREADY_RUNNING' });
  await expect(startStack({ ...registryOnly, dataDir: makeTempDir() })).rejects.toMatchObject({
    code: 'PIPE_STACK_PORT_IN_USE',
    message: expect.stringContaining(`port ${options.registryPort}`),
  });
  const second = await startStack({ ...registryOnly, dataDir: makeTempDir(), registryPort: 0 });
  expect((await fetch(`${first.registryUrl}/subjects`)).status).toBe(200);
  expect((await fetch(`${second.registryUrl}/subjects`)).status).toBe(200);
  await second.stop();
  await first.stop();
  await expect(fetch(`${first.registryUrl}/subjects`)).rejects.toThrow();
});

test('a component that dies is started again, and the report says so', async ({ options }) => {
  const stack = await startStack({ ...options, only: ['registry'] });
  const [child] = stack.components()[0]?.processes ?? [];
  process.kill(child?.pid ?? 0, 'SIGKILL');
  const report = await until('the restart', async () => {
    const { components, isHealthy } = await reportStack(options.dataDir);
    return isHealthy && components[0]?.restarts === 1 ? components[0] : undefined;
  });
  expect(report).toMatchObject({ status: 'running', lastExit: 'signal SIGKILL' });
  expect(report.processes[0]?.pid).not.toBe(child?.pid);
  await stack.stop();
});

test('a broker that cannot start is an error with its log lines, and leaves neither process nor lock', async ({
  options,
}) => {
  const logDir = join(options.dataDir, 'kafka', 'log');
  mkdirSync(logDir, { recursive: true });
  writeFileSync(join(logDir, 'meta.properties'), 'version=1\nnode.id=77\ncluster.id=somebody-else\n');
  await expect(startStack(options)).rejects.toMatchObject({
    code: 'PIPE_STACK_COMPONENT_FAILED',
    message: expect.stringMatching(/^kafka ended at start with exit code 1[\s\S]*Stored node id 77/),
  });
  expect(await findSupervisor(options.dataDir)).toBeUndefined();
  expect(processesOf(options.dataDir).filter(isProcessAlive)).toEqual([]);
});
