import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseJavaMajor } from '../../deploy/embedded/java.ts';
import { renderProperties } from '../../deploy/embedded/kafka-files.ts';
import { explainMaven } from '../../deploy/embedded/kafka-jars.ts';
import { tellingLines } from '../../deploy/embedded/log-file.ts';
import { restartDelayMs } from '../../deploy/embedded/supervise.ts';

const template = readFileSync(new URL('../../deploy/kafka/server.properties', import.meta.url), 'utf8');

test('the template gets every value, and listens on loopback alone', () => {
  const text = renderProperties(template, { kafkaPort: 23001, controllerPort: 23002, logDir: '/data/kafka log' });
  expect(text).not.toContain('{{');
  expect(text).toContain('listeners=PLAINTEXT://127.0.0.1:23001,CONTROLLER://127.0.0.1:23002\n');
  expect(text).toContain('controller.quorum.voters=1@127.0.0.1:23002\n');
  expect(text).toContain('log.dirs=/data/kafka log\n');
  expect(text).toContain('auto.create.topics.enable=false\n');
});

test('a backslash survives the properties format, a missing value does not pass', () => {
  expect(renderProperties('log.dirs={{dir}}', { dir: 'C:\\data' })).toBe('log.dirs=C:\\\\data');
  expect(() => renderProperties('{{port}}', {})).toThrow('{{port}}');
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['something else', undefined],
])('%s is Java %s', (text, major) => {
  expect(parseJavaMajor(text)).toBe(major);
});

test.each([
  [Object.assign(new Error('spawn mvn ENOENT'), { code: 'ENOENT' }), 'PIPE_STACK_NO_MAVEN'],
  [
    Object.assign(new Error('failed'), { stdout: '\u001b[0m[ERROR] Could not transfer artifact' }),
    'PIPE_STACK_JARS_UNAVAILABLE',
  ],
  [Object.assign(new Error('failed'), { stdout: '[ERROR] x (No space left on device)' }), 'PIPE_STACK_DISK_FULL'],
  ['no error at all', 'PIPE_STACK_JARS_UNAVAILABLE'],
])('Maven’s trouble %# has a code', (error, code) => {
  expect(explainMaven(error).code).toBe(code);
});

test('the first thing that Maven says is shown, not its advice', () => {
  const stdout = '\u001b[0m[ERROR] Could not transfer artifact\n[ERROR] \n[ERROR] Re-run Maven with -X';
  expect(explainMaven(Object.assign(new Error('failed'), { stdout })).message).toMatch(/Could not transfer artifact$/);
});

test('the lines shown of a log are its errors, without stack frames, else its last', () => {
  const failed = ['INFO start', 'ERROR bind: Address already in use', '\tat java.base/x', 'INFO shutting down'];
  expect(tellingLines(failed, 3)).toEqual(['ERROR bind: Address already in use']);
  expect(tellingLines(['a', '', 'b', 'c'], 2)).toEqual(['b', 'c']);
});

test('restarts wait longer each time, up to half a minute', () => {
  expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([500, 1000, 2000, 4000]);
  expect(restartDelayMs(50)).toBe(30_000);
});
