import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptColumns, attemptRows } from '../../../processors/sinks/attempt-row.ts';
import type { Attempt, AttemptBatch } from '../../../schemas/generated/attempt-batch.ts';
import { aBatch, anAttempt } from './attempts.ts';

const recordMs = Date.UTC(2026, 5, 1);
const day = 86_400_000;
const place = { partition: 2, offset: 40, timestampMs: recordMs };

function rowOf(attempt: Partial<Attempt>, batch: Partial<AttemptBatch> = {}): Record<string, unknown> {
  const [line = ''] = attemptRows(aBatch([anAttempt(attempt)], batch), place);
  const values: unknown[] = JSON.parse(line);
  expect(values).toHaveLength(attemptColumns.length);
  return Object.fromEntries(attemptColumns.map((column, index) => [column, values[index]]));
}

describe('a row of attempts', () => {
  it('carries the batch, the attempt and the place in the topic', () => {
    const row = rowOf({ taskId: 'a', outcome: 'retry', nextStage: 'b', attrs: { size: '7' } }, { stage: 'download' });
    expect(row).toMatchObject({
      task_id: 'a',
      outcome: 'retry',
      stage: 'download',
      next_stage: 'b',
      attrs: { size: '7' },
    });
    expect(row).toMatchObject({ record_partition: 2, record_offset: 40, record_index: 0 });
    const lines = attemptRows(aBatch([anAttempt({}), anAttempt({})]), place);
    const at = attemptColumns.indexOf('record_index');
    expect(lines.map((line) => JSON.parse(line)[at])).toEqual([0, 1]);
  });

  it.each([
    ['as it is', recordMs - 5, recordMs - 5],
    ['as it is, after a long outage of Kafka', recordMs - 29 * day, recordMs - 29 * day],
    ['as the record’s when it is too old', 0, recordMs],
    ['as the record’s when it is to come', recordMs + 2 * day, recordMs],
    ['as the record’s when it is no date', Number.MAX_SAFE_INTEGER, recordMs],
  ])('takes a time %s', (_name, given, stored) => {
    expect(rowOf({ eventTime: given, startedAt: given })).toMatchObject({ event_time: stored, started_at: stored });
  });

  it.each([
    ['as it is, after months', recordMs - 300 * day, recordMs - 300 * day],
    ['as unknown when nobody said it', 0, 0],
    ['as unknown when it is to come', recordMs + 2 * day, 0],
    ['as unknown when it is no date', Number.NaN, 0],
  ])('takes a submission %s', (_name, given, stored) => {
    expect(rowOf({ submittedAt: given })).toMatchObject({ submitted_at: stored });
  });

  it('takes a date that the table holds when the record has none either', () => {
    const [line = ''] = attemptRows(aBatch([anAttempt({ eventTime: -1 })]), { ...place, timestampMs: -1 });
    expect(JSON.parse(line)[0]).toBe(Date.UTC(2000, 0, 1));
  });

  it('clamps numbers that their columns do not hold', () => {
    expect(rowOf({ attempt: -1, queueMs: -7, partition: 2 ** 40 })).toMatchObject({
      attempt: 0,
      queue_ms: 0,
      partition: 2 ** 32 - 1,
    });
  });

  it('cuts long texts and many attributes', () => {
    const attrs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'v'.repeat(2000)]));
    const row = rowOf({ errorMessage: 'e'.repeat(5000), attrs });
    expect(row.error_message).toHaveLength(1000);
    expect(Object.keys(row.attrs ?? {})).toHaveLength(64);
  });

  it('writes no half surrogate pair: ClickHouse refuses it', () => {
    const cut = `${'x'.repeat(999)}😀`;
    expect(rowOf({ errorMessage: cut }).error_message).toBe(`${'x'.repeat(999)}\u{fffd}`);
    expect(rowOf({ errorMessage: '\\ud83d and \\\\udead' }).error_message).toBe('\\ud83d and \\\\udead');
  });

  it('is one line of valid JSON whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (taskId, message) => {
        const [line = ''] = attemptRows(aBatch([anAttempt({ taskId, errorMessage: message })]), place);
        expect(line).not.toContain('\n');
        expect(line).not.toMatch(/(?<!\\)(?:\\\\)*\\ud/);
        expect(JSON.parse(line)[attemptColumns.indexOf('task_id')].isWellFormed?.() ?? true).toBe(true);
      }),
    );
  });
});
