import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRole } from '../../../cli/local/role-process.ts';
import { startStack } from '../../../deploy/embedded/stack.ts';

export interface BenchSystem {
  readonly env: Readonly<Record<string, string>>;
  /** Where finished files appear. */
  readonly outputFolder: string;
  /** Memory of the worker process and its children now, in MiB; pages that they share are counted once. */
  workerMb(): Promise<number>;
  submit(payloads: readonly object[]): Promise<void>;
  stop(): Promise<void>;
}

/** Stack, one worker process, the sink, all as a user would run them, in a folder of its own. */
export async function startBenchSystem(dataDir: string, downloadAllow: string): Promise<BenchSystem> {
  const stack = await startStack({ dataDir, kafkaPort: 0, registryPort: 0, clickhousePort: 0 });
  const env = {
    PENSTOCK_BROKERS: stack.brokers.join(','),
    PENSTOCK_REGISTRY_URL: stack.registryUrl,
    PENSTOCK_CLICKHOUSE_URL: stack.clickhouseUrl,
    PENSTOCK_DATA_DIR: dataDir,
    PENSTOCK_DOWNLOAD_ALLOW: downloadAllow,
  };
  const onLine = (line: string): void => {
    process.stderr.write(`    ${line}\n`);
  };
  const role = (...args: string[]) => startRole({ name: args[0] ?? '', args, env, onLine });
  await role('topics', 'provision').exited;
  const worker = role('worker', '--pipeline', 'assets');
  const sink = role('sink');
  return {
    env,
    outputFolder: join(dataDir, 'outputs'),
    workerMb: () => familyMb(worker.pid ?? 0),
    submit: (payloads) => submit(env, payloads),
    async stop() {
      await worker.stop();
      await sink.stop();
      await stack.stop();
    },
  };
}

async function familyMb(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = [pid, ...children.split(' ').filter(Boolean).map(Number)];
  const sizes = await Promise.all(pids.map(proportionalMb));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A child may have ended since it was listed. */
async function proportionalMb(pid: number): Promise<number> {
  const usage = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(usage)?.[1] ?? 0) / 1024;
}

async function submit(env: Readonly<Record<string, string>>, payloads: readonly object[]): Promise<void> {
  const { connectKafka } = await import('../../../topics/client.ts');
  const broker = connectKafka({ brokers: (env.PENSTOCK_BROKERS ?? '').split(','), clientId: 'bench' });
  const producer = await broker.producer();
  await producer.send(
    payloads.map((payload) => ({ topic: 'assets.download', key: null, value: Buffer.from(JSON.stringify(payload)) })),
  );
  await producer.close();
}
