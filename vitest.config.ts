import { defineConfig } from 'vitest/config';

const brokerTests = ['test/integration/**/*.test.ts', 'test/contract/**/*.test.ts'];
/** Whole systems: each file starts what it needs, or lets a command do so. */
const systemTests = ['test/system/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Many of them wait for child processes and timers; the default leaves one of two cores idle.
          maxWorkers: 2,
          include: ['test/**/*.test.ts'],
          exclude: [...brokerTests, ...systemTests, 'test/package/**', 'test/bench/**'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: brokerTests,
          // One broker on two cores: files side by side would measure each other.
          fileParallelism: false,
          globalSetup: ['test/helpers/stack-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: systemTests,
          globalSetup: ['test/helpers/stack-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
