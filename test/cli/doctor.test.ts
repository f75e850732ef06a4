import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { examine, fail, ok } from '../../cli/doctor/finding.ts';
import { examineNode, soften } from '../../cli/doctor/machine-checks.ts';
import { examineHttp } from '../../cli/doctor/service-checks.ts';
import { makeDataFolder } from '../../deploy/embedded/disk-space.ts';
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

test('a password in a URL is sent as a header, and never shown', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const look = (url: string) => examineHttp('registry', url, '/subjects', 'PIPE_REGISTRY_UNAVAILABLE');
  const [finding] = await look(`http://reader:s3cret@127.0.0.1:${port}`);
  expect(finding).toMatchObject({ verdict: 'ok' });
  expect(seen).toEqual([`Basic ${Buffer.from('reader:s3cret').toString('base64')}`]);
  const [missing] = await look('http://reader:s3cret@127.0.0.1:1');
  expect(missing).toMatchObject({ verdict: 'fail' });
  expect(JSON.stringify([finding, missing])).not.toContain('s3cret');
});

test('a data folder that cannot be made has a code and a remedy', () => {
  expect(() => makeDataFolder('/dev/null/x')).toThrow(expect.objectContaining({ code: 'PIPE_STACK_DATA_DIR' }));
});
