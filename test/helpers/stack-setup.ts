import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startStack } from '../../deploy/embedded/stack.ts';

/** What `inject('stack')` gives to an integration test. */
export interface TestStack {
  /** host:port */
  readonly brokers: string;
  readonly registryUrl: string;
  readonly clickhouseUrl: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    stack: TestStack;
  }
}

/** One embedded stack for all integration tests of a run, on free ports, in a folder that is removed at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'penstock-test-'));
  const stack = await startStack({ dataDir, kafkaPort: 0, registryPort: 0, clickhousePort: 0 });
  const { brokers, registryUrl, clickhouseUrl } = stack;
  project.provide('stack', { brokers: brokers.join(','), registryUrl, clickhouseUrl });
  return async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
