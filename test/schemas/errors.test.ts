import { expect, it, vi } from 'vitest';
import { PenstockError } from '../../schemas/errors.ts';

it('knows an error that another copy of the package made', async () => {
  vi.resetModules();
  const copy = await import('../../schemas/errors.ts');
  expect(copy.PenstockError).not.toBe(PenstockError);
  expect(new copy.PenstockError('PIPE_STAGE_REJECTED', 'no')).toBeInstanceOf(PenstockError);
});

it.each([new Error('no'), { code: 'PIPE_STAGE_REJECTED' }, null, 'PIPE_STAGE_REJECTED'])(
  'takes %o for no error of ours',
  (value) => {
    expect(value instanceof PenstockError).toBe(false);
  },
);
