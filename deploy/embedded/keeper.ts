/**
 * Stands between the supervisor and a program that cannot see its parent die (Java). Runs it, tells its process id,
 * passes SIGTERM on, and ends it when the supervisor is gone. `keeper COMMAND ARGS…`; exits as the program did.
 */
import { spawn } from 'node:child_process';

const graceMs = 20_000;

function keep(command: string, args: readonly string[]): void {
  const child = spawn(command, [...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = () => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.once('disconnect', end);
  child.once('spawn', () => process.send?.({ grandchildPid: child.pid }));
  child.once('error', (error) => leave(error.message, 127));
  child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 143)));
}

function leave(message: string, code: number): void {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const [command, ...args] = process.argv.slice(2);
if (command === undefined) leave('usage: keeper COMMAND ARGS…', 2);
else keep(command, args);
