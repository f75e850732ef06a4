import { Command, CommanderError } from 'commander';
import { PenstockError } from '../schemas/errors.ts';
import { commandList } from './command-list.ts';
import { describeFailure } from './describe-failure.ts';
import { packageVersion } from './package-version.ts';

export const exitDone = 0;
export const exitFailed = 1;
export const exitUsage = 2;

/** Every command hung under `penstock`; parses nothing, and throws CommanderError where it would have ended the process. */
export function buildProgram(): Command {
  const program = new Command('penstock')
    .description('Task pipelines on Apache Kafka, with every attempt in ClickHouse.')
    .version(packageVersion(), '--version', 'print the version')
    .showHelpAfterError('(penstock --help shows the commands)')
    .exitOverride();
  for (const register of commandList) register(program);
  inheritBehaviour(program);
  return program;
}

/** commander copies these settings to subcommands made by .command() only, and only at that time. */
function inheritBehaviour(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    child.exitOverride();
    child.showHelpAfterError(helpHint(child));
    inheritBehaviour(child);
  }
}

/** With the whole path: a flag of `topics list` is not explained by `penstock --help`. */
function helpHint(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  return `(${names.join(' ')} --help shows how it is used)`;
}

/**
 * Runs one command line (without node and the script) and resolves with the exit code: 0 done, 1 failed, 2 wrong usage.
 * An action that fails without an error of its own sets process.exitCode.
 */
export async function runCli(args: readonly string[]): Promise<number> {
  process.stdout.on('error', leaveOnBrokenPipe);
  const program = buildProgram();
  let running = program;
  program.hook('preAction', (_program, command) => {
    running = command;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? exitDone);
  } catch (thrown) {
    return reportFailure(thrown, running);
  }
}

/** Mistakes in the arguments that commander cannot see. */
const usageCodes: ReadonlySet<string> = new Set(['PIPE_CLI_USAGE', 'PIPE_CLI_REPLAY_INVALID']);

function reportFailure(thrown: unknown, command: Command): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitDone : exitUsage;
  process.stderr.write(describeFailure(thrown, { withStack: process.env.PENSTOCK_LOG_LEVEL === 'debug' }));
  if (!(thrown instanceof PenstockError && usageCodes.has(thrown.code))) return exitFailed;
  process.stderr.write(`${helpHint(command)}\n`);
  return exitUsage;
}

/** `penstock tasks | head` closes the pipe early: that is no failure. */
function leaveOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(exitDone);
  throw error;
}
