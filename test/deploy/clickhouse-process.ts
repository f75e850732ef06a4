import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { nodeProgramArgs } from '../../deploy/embedded/node-program.ts';

export interface ClickHouseProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly port: number;
  /** SIGTERM, or what is given; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The embedded ClickHouse as the stack runs it: a process of its own, by default on a free port. */
export async function startClickHouseProcess(dataDir: string, port = 0): Promise<ClickHouseProcess> {
  const program = nodeProgramArgs(new URL('../../deploy/embedded/clickhouse/main', import.meta.url));
  const child = spawn(process.execPath, [...program, '--data-dir', dataDir, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  if (!child.stdout) throw new Error('the process has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry: { port?: number; msg: string; code?: string } = JSON.parse(line);
    if (entry.code === undefined && entry.port !== undefined) return running(child, entry.port, exited);
    throw new Error(`${entry.code}: ${entry.msg}`);
  }
  throw new Error('the process ended without a word');
}

function running(child: ChildProcess, port: number, exited: Promise<unknown[]>): ClickHouseProcess {
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    port,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}
