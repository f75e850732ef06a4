import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import type { Config } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { openClickHouse } from '../connect.ts';
import { countOf } from '../count-of.ts';
import { type LocalSystem, startLocalSystem } from '../local/local-system.ts';
import { printProgress } from '../output.ts';
import { checkOutputs } from './check-outputs.ts';
import { loadDemoFiles } from './demo-files.ts';
import { demoHttpPort, demoPorts } from './demo-ports.ts';
import { countOtherRows, readDead, readStages } from './demo-queries.ts';
import { type DemoPlan, planDemo } from './demo-tasks.ts';
import { demoToken } from './demo-token.ts';
import { startFileServer } from './file-server.ts';
import type { DemoReport } from './report-demo.ts';
import { submitDemo } from './submit-demo.ts';
import { watchDemo } from './watch-demo.ts';

export interface DemoOptions {
  readonly tasks: number;
  readonly keep: boolean;
  /** Resolves when the user wants to leave. */
  readonly interrupted: Promise<string>;
}

export interface FinishedDemo {
  readonly report: DemoReport;
  readonly system: LocalSystem;
  /** Ends all that the demo started. */
  stop(): Promise<void>;
}

/** From nothing to a report; on a failure nothing is left running. */
export async function runDemo(given: Config, options: DemoOptions): Promise<FinishedDemo> {
  const files = await loadDemoFiles();
  const server = await startFileServer(files);
  const tenant = `demo-${Date.now().toString(36)}`;
  const ported = await demoPorts(given, process.env);
  const port = await demoHttpPort(given, options.keep, process.env);
  const config = { ...ported, ...ownFolders(given.dataDir), http: { host: '127.0.0.1', port } };
  let system: LocalSystem | undefined;
  const stop = async () => {
    await system?.stop();
    await server.close();
  };
  try {
    const { token, env } = demoToken(config);
    system = await startSystem(config, { ...env, PENSTOCK_DOWNLOAD_ALLOW: server.address });
    const plan = planDemo(files, server.url, options.tasks);
    const report = await Promise.race([
      runTasks(system, tenant, plan, token),
      system.failed,
      options.interrupted.then(giveUp),
    ]);
    return { report, system, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The demo looks at its outputs afterwards: they stay in the data folder, whatever the environment says. */
function ownFolders(dataDir: string): { blobUrl: string; uploadUrl: string } {
  const inside = (folder: string) => pathToFileURL(join(dataDir, folder)).href;
  return { blobUrl: inside('blobs'), uploadUrl: inside('outputs') };
}

function giveUp(signal: string): never {
  throw new PenstockError('PIPE_CLI_DEMO_INCOMPLETE', `interrupted (${signal}) before all tasks had ended`);
}

async function startSystem(config: Config, env: Readonly<Record<string, string>>): Promise<LocalSystem> {
  const logFolder = join(config.dataDir, 'logs');
  await mkdir(logFolder, { recursive: true });
  const logs = new Map(
    ['gateway', 'worker', 'sink'].map((name) => [name, createWriteStream(join(logFolder, `demo-${name}.log`))]),
  );
  const system = await startLocalSystem({
    config,
    modules: [],
    env: { ...env, PENSTOCK_UPLOAD_URL: config.uploadUrl, PENSTOCK_BLOB_URL: config.blobUrl },
    onLine: (from, line) => {
      const log = logs.get(from);
      if (log) log.write(`${line}\n`);
      else printProgress(line);
    },
  });
  printProgress(`gateway, worker and sink run; their logs are in ${logFolder}`);
  return system;
}

async function runTasks(system: LocalSystem, tenant: string, plan: DemoPlan, token?: string): Promise<DemoReport> {
  const clickhouse = await openClickHouse(system.config);
  try {
    const startedAt = Date.now();
    const ids = await submitDemo(system.gatewayUrl, tenant, plan.tasks, token);
    printProgress(`${countOf(ids.length, 'task')} accepted over HTTP in ${Date.now() - startedAt} ms`);
    const progress = await watchDemo(clickhouse, tenant, ids.length);
    const runSeconds = (Date.now() - startedAt) / 1_000;
    return await makeReport(clickhouse, system.config, tenant, plan, { ...progress, runSeconds, startedAt });
  } finally {
    await clickhouse.close();
  }
}

async function makeReport(
  clickhouse: ClickHouse,
  config: Config,
  tenant: string,
  plan: DemoPlan,
  run: { accepted: number; ok: number; dead: number; runSeconds: number; startedAt: number },
): Promise<DemoReport> {
  const { accepted, ok, dead, runSeconds, startedAt } = run;
  const outputFolder = fileURLToPath(config.uploadUrl);
  return {
    tenant,
    submitted: plan.tasks.length,
    accepted,
    ok,
    dead,
    expectedOk: plan.expectedOk,
    expectedDead: plan.expectedDead,
    runSeconds,
    stages: await readStages(clickhouse, tenant),
    deadLetters: await readDead(clickhouse, tenant),
    outputFolder,
    outputs: await checkOutputs(outputFolder, startedAt),
    otherRows: await countOtherRows(clickhouse, tenant),
    check: `npx penstock sql "SELECT stage, outcome, count() FROM attempts WHERE tenant = '${tenant}' GROUP BY ALL"`,
  };
}
