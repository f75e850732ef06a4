import { vi } from 'vitest';
import { testSeeds } from './seeds.ts';

vi.mock('node:timers/promises', () => import('./virtual-sleep.ts'));

testSeeds(0, 500);
