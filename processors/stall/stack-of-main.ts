import { type Debugger, Session } from 'node:inspector';

/** Frames that are told; the deepest first. */
const maxFrames = 10;

/**
 * Where the main thread stands, asked from another thread: it is halted, for good. Undefined where it does not answer in
 * time, as in a call of the system or of native code.
 */
export function stackOfMain(withinMs: number): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), withinMs);
    const session = new Session();
    session.connectToMainThread();
    const urls = new Map<string, string>();
    const describe = ({ functionName, location }: Debugger.CallFrame): string =>
      `${functionName || '(anonymous)'} ${urls.get(location.scriptId) ?? ''}:${location.lineNumber + 1}`;
    session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
    session.once('Debugger.paused', ({ params }) => resolve(params.callFrames.slice(0, maxFrames).map(describe)));
    session.post('Debugger.enable', () => session.post('Debugger.pause'));
  });
}
