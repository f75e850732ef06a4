import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findFreePort } from '../../deploy/embedded/ports.ts';
import { makeTempDir } from '../helpers/temp-dir.ts';

const main = new URL('../../cli/main.ts', import.meta.url).pathname;

async function runDemo(dataDir: string, ports: Record<string, string>) {
  const args = ['--import', 'tsx', main, 'demo', '--tasks', '20', '--json'];
  const env = { ...process.env, ...ports, PENSTOCK_DATA_DIR: dataDir };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env });
  return { report: JSON.parse(stdout), stderr };
}

/** Processes whose command line names the folder. */
function processesOf(dataDir: string): string[] {
  const commandLine = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      // It ended between the listing and the look.
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.map(commandLine).filter((line) => line.includes(dataDir));
}

it('the demo runs from nothing, twice on one data folder, and leaves nothing running', {
  timeout: 300_000,
}, async () => {
  const dataDir = join(makeTempDir(), 'demo');
  const ports = {
    PENSTOCK_KAFKA_PORT: String(await findFreePort()),
    PENSTOCK_REGISTRY_PORT: String(await findFreePort()),
    PENSTOCK_CLICKHOUSE_PORT: String(await findFreePort()),
  };
  const first = await runDemo(dataDir, ports);
  expect(first.report).toMatchObject({ submitted: 20, accepted: 20, ok: 16, dead: 4, otherRows: 0 });
  expect(first.report.stages.map(({ stage, ok }: { stage: string; ok: number }) => [stage, ok])).toEqual([
    ['download', 17],
    ['transform', 16],
    ['upload', 16],
  ]);
  const codes = first.report.deadLetters.map(({ code }: { code: string }) => code);
  expect(codes).toEqual([
    'PIPE_DOWNLOAD_CHECKSUM',
    'PIPE_DOWNLOAD_NOT_FOUND',
    'PIPE_DOWNLOAD_TRUNCATED',
    'PIPE_TRANSFORM_NOT_IMAGE',
  ]);
  expect(processesOf(dataDir)).toEqual([]);

  const second = await runDemo(dataDir, ports);
  expect(second.report).toMatchObject({ submitted: 20, ok: 16, dead: 4 });
  expect(second.report.otherRows).toBeGreaterThan(0);
  expect(processesOf(dataDir)).toEqual([]);
});
