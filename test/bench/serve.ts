import type { Answer } from './child.ts';

interface Request {
  readonly id: number;
  readonly name: string;
  readonly args: never;
}

/** The other side of startChild(): answers calls until the asker is gone. */
export function serve(handlers: Readonly<Record<string, (args: never) => Promise<unknown>>>): void {
  const answer = (message: Answer): void => {
    process.send?.(message);
  };
  process.on('message', ({ id, name, args }: Request) => {
    const work = handlers[name]?.(args) ?? Promise.reject(new Error(`nothing is called ${name}`));
    work.then(
      (result) => answer({ id, result }),
      (thrown: unknown) =>
        answer({ id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
}
