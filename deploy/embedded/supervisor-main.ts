/** The process behind `penstock up --detach`: one argument, the options of the stack as JSON. */
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { SupervisorMessage } from './background.ts';
import { startStack } from './stack.ts';
import type { StackOptions } from './stack-options.ts';

/** The command that started us may have gone: then there is nobody to tell, and the log has it. */
function tell(message: SupervisorMessage): void {
  if (message.kind !== 'ready') process.stderr.write(`${new Date().toISOString()} ${describe(message)}\n`);
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function describe(message: Exclude<SupervisorMessage, { kind: 'ready' }>): string {
  return message.kind === 'progress' ? message.line : `${message.code ?? 'error'}: ${message.message}`;
}

async function main(options: StackOptions): Promise<void> {
  let isStopping = false;
  // Whoever asked for the stack gave up before it was there; the children see our end by themselves.
  const giveUp = () => process.exit(1);
  process.once('disconnect', giveUp);
  try {
    const stack = await startStack({ ...options, onProgress: (line) => tell({ kind: 'progress', line }) });
    const stop = async () => {
      if (isStopping) return;
      isStopping = true;
      tell({ kind: 'progress', line: 'stopping' });
      await stack.stop();
      process.exit(0);
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
    process.off('disconnect', giveUp);
    const { brokers, registryUrl, clickhouseUrl } = stack;
    tell({ kind: 'ready', endpoints: { brokers, registryUrl, clickhouseUrl } });
  } catch (error) {
    const message = messageOf(error);
    tell(error instanceof PenstockError ? { kind: 'failed', code: error.code, message } : { kind: 'failed', message });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

// JSON of our own making, from background.ts.
await main(JSON.parse(process.argv[2] ?? '{}') as StackOptions);
