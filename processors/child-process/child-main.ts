import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { AnswerMessage, JobMessage } from './messages.ts';
import { watchForOrphanhood } from './orphan-watch.ts';
import { describeThrown } from './thrown.ts';

type Handler = (input: unknown) => unknown;

/** Entry of a child process: the URL of the module that works, the pid of the parent. */
function main(moduleUrl: string, parentPid: number): void {
  // Ctrl-C and a service manager's SIGTERM reach the whole family; when a child ends is its parent's to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.once('disconnect', () => process.exit());
  const watched = watchForOrphanhood(parentPid);
  const load = async (): Promise<Handler> => {
    await watched;
    return loadHandler(moduleUrl);
  };
  let handler: Promise<Handler> | undefined;
  process.on('message', ({ input }: JobMessage) => {
    handler ??= load();
    void answer(handler, input);
  });
}

async function loadHandler(moduleUrl: string): Promise<Handler> {
  const exported = await import(moduleUrl).catch((cause: unknown) => {
    throw new Error(`${moduleUrl} cannot be loaded: ${messageOf(cause)}`, { cause });
  });
  // Without "type": "module" near it a TypeScript file is taken for CommonJS: its exports stand under `default`.
  const handler = [exported.default, exported.default?.default].find((each) => typeof each === 'function');
  if (handler !== undefined) return handler;
  throw new Error(`${moduleUrl} has no default export that is a function`);
}

async function answer(handler: Promise<Handler>, input: unknown): Promise<void> {
  let message: AnswerMessage;
  try {
    message = { result: await (await handler)(input) };
  } catch (thrown) {
    message = { thrown: describeThrown(thrown) };
  }
  send(message);
}

/** Whatever cannot travel is the module's mistake. */
function send(message: AnswerMessage): void {
  try {
    if ('result' in message) refuseStream(message.result);
    process.send?.(message);
  } catch (cause) {
    const invalid = new PenstockError('PIPE_STAGE_OUTPUT_INVALID', `the result cannot travel: ${messageOf(cause)}`);
    process.send?.({ thrown: describeThrown(invalid) });
  }
}

function refuseStream(result: unknown): void {
  const isStream = typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  if (isStream) throw new TypeError('an async iterable stays in its process; return a list');
}

const [, , moduleUrl = '', parentPid = ''] = process.argv;
main(moduleUrl, Number(parentPid));
