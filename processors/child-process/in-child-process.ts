import { availableParallelism } from 'node:os';
import { existingModule } from '../node-entry.ts';
import { ChildPool } from './child-pool.ts';

export interface ChildProcessOptions {
  /** Child processes at most; they start when needed and end after 10 s without work. Default: one a core, less one. */
  readonly processes?: number;
  /** JavaScript heap of one child; more ends it, and the attempt. Buffers are not counted. Default 512. */
  readonly maxMemoryMb?: number;
}

/** What the default export of such a module must be. */
export interface ChildModule {
  default(input: never): unknown;
}

type InputOf<Module extends ChildModule> = Parameters<Module['default']>[0];
type ResultOf<Module extends ChildModule> = Awaited<ReturnType<Module['default']>>;

export interface ChildFunction<Input, Result> {
  (input: Input, ctx: { readonly signal: AbortSignal }): Promise<Result>;
  /** How many run at once; more slots than that in a stage only wait here, while their time runs. */
  readonly processes: number;
  /** Kills the children and waits for their end; calls under way reject with PIPE_STAGE_STOPPED, later ones start new ones. */
  close(): Promise<void>;
}

/**
 * Runs the default export of a module in a pool of child processes, away from the event loop:
 * `process: inChildProcess<typeof import('./resize.ts')>(new URL('./resize.ts', import.meta.url))`. Input and result are
 * copied (structured clone); what the module throws, retryable() and reject() too, is thrown here. When `ctx.signal`
 * aborts, the child is killed, endless loop or not. A child that ends before it answered (out of memory, process.exit(),
 * a crash of native code) rejects with PIPE_STAGE_CPU_CRASHED, and is replaced. Children never outlive this process, nor
 * keep it alive while they are idle. Throws PIPE_CONFIG_INVALID where there is no such module.
 *
 * Processes, not threads: an allocation beyond a thread's heap limit can end the whole process, and native code cannot
 * be stopped in a thread.
 */
export function inChildProcess<Module extends ChildModule>(
  module: URL,
  options: ChildProcessOptions = {},
): ChildFunction<InputOf<Module>, ResultOf<Module>> {
  const processes = options.processes ?? Math.max(1, availableParallelism() - 1);
  const pool = new ChildPool({ module: existingModule(module), processes, maxMemoryMb: options.maxMemoryMb ?? 512 });
  const run = (input: InputOf<Module>, ctx: { readonly signal: AbortSignal }) =>
    // The border: what comes back is what the module says it returns.
    pool.run(input, ctx.signal) as Promise<ResultOf<Module>>;
  return Object.assign(run, { processes, close: () => pool.close() });
}
