import { type LogEntry, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { kafkaLogCreator } from '../../topics/kafkajs/logging.ts';

/** What the logger is told of these entries, as level and message. */
function logged(...entries: { message: string; error?: string }[]): [string, string][] {
  const lines: [string, string][] = [];
  const destination = {
    write(line: string) {
      const { level, msg } = JSON.parse(line);
      lines.push([pino.levels.labels[level] ?? '', msg]);
    },
  };
  const log = kafkaLogCreator(pino({ level: 'debug' }, destination))();
  for (const extra of entries) {
    const entry: LogEntry = {
      namespace: 'Consumer',
      level: logLevel.ERROR,
      label: 'ERROR',
      log: { timestamp: '', logger: '', ...extra },
    };
    log(entry);
  }
  return lines;
}

const loading = "The coordinator is loading and hence can't process requests for this group";

it('a coordinator that starts is told in words, once, and is no warning', () => {
  const crash = { message: `Crash: KafkaJSProtocolError: ${loading}` };
  const lines = logged(
    { message: 'Response JoinGroup(key: 11, version: 5)', error: loading },
    crash,
    { message: 'Restarting the consumer in 104ms' },
    crash,
    { message: 'Crash: KafkaJSProtocolError: The group coordinator is not available' },
  );
  expect(lines.map(([level]) => level)).toEqual(['debug', 'info', 'debug', 'debug', 'debug']);
  expect(lines[1]?.[1]).toBe('the coordinator of the group is not ready yet: joining again');
});

it('a crash of another kind stays a warning', () => {
  expect(logged({ message: 'Crash: KafkaJSProtocolError: Not authorized to access group' })).toEqual([
    ['warn', 'Crash: KafkaJSProtocolError: Not authorized to access group'],
  ]);
});
