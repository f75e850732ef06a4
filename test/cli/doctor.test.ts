import { expect, test } from 'vitest';
import { examine, fail, ok } from '../../cli/doctor/finding.ts';
import { examineNode, soften } from '../../cli/doctor/machine-checks.ts';
import { PenstockError } from '../../schemas/errors.ts';

test.each([
  ['20.18.3', 'fail'],
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
  ['18.20.0', 'fail'],
])('Node %s is %s', (version, verdict) => {
  expect(examineNode(version).verdict).toBe(verdict);
});

test('what a check throws is its failure, with the remedy of the code', async () => {
  const finding = await examine('Java', async () => {
    throw new PenstockError('PIPE_STACK_NO_JAVA', 'there is none');
  });
  expect(finding).toMatchObject({ check: 'Java', verdict: 'fail', detail: 'there is none' });
  expect(finding.remedy).toContain('openjdk-17');
});

test('softened, a failure is a warning and the rest stays', () => {
  expect(soften(fail('Java', 'none', 'install it')).verdict).toBe('warn');
  expect(soften(ok('Java', '17')).verdict).toBe('ok');
});
