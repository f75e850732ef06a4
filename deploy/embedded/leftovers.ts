import { endProcess } from './end-process.ts';
import { isProcessAlive } from './process-identity.ts';
import type { Progress } from './stack-options.ts';
import { readStackState } from './state-file.ts';

const graceMs = 15_000;

/** Ends what a stack left behind whose supervisor was killed; resolves with how many. Call it with the lock held. */
export async function endLeftovers(dataDir: string, onProgress: Progress): Promise<number> {
  const components = readStackState(dataDir)?.components ?? [];
  const alive = components.flatMap(({ name, processes }) =>
    processes.filter(isProcessAlive).map((identity) => ({ name, identity })),
  );
  await Promise.all(
    alive.map(({ name, identity }) => {
      onProgress(`ending ${name} (process ${identity.pid}), left over from a stack that was killed`);
      return endProcess(identity, graceMs);
    }),
  );
  return alive.length;
}
