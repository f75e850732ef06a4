import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatRate,
  formatShare,
  formatShort,
  formatShortSpan,
  formatSpan,
  formatTime,
  rounded,
} from '../../../../gateway/dashboard/app/lib/format.ts';

describe('figures', () => {
  it.each([
    [null, '–'],
    [0, '0 ms'],
    [0.4, '<1 ms'],
    [999, '999 ms'],
    [1_234, '1.23 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
    [100_000, '100.0 s'],
    [134_000, '2 min 14 s'],
    [3 * 3_600_000 + 300_000, '3 h 5 min'],
    [90 * 86_400_000, '90 d'],
  ])('a span of %s ms is %s', (ms, text) => expect(formatSpan(ms)).toBe(text));

  it.each([
    [undefined, '–'],
    [0, '0'],
    [0.01, '<0.1'],
    [3.14, '3.1'],
    [99.96, '100'],
    [1_234_567, '1.2M'],
  ])('a rate of %s is %s', (rate, text) => expect(formatRate(rate)).toBe(text));

  it('spans for narrow columns have one unit', () => {
    const spans = [42, 59_900, 102_000, 5_900_000, 7_200_000, 40 * 86_400_000];
    expect(spans.map(formatShortSpan)).toEqual(['42 ms', '59.9 s', '1.7 min', '98.3 min', '2.0 h', '40 d']);
  });

  it('shares, bytes, counts, times', () => {
    expect([formatShare(0.0001), formatShare(0.069), formatShare(Number.NaN)]).toEqual(['<0.1 %', '6.9 %', '–']);
    expect([formatBytes(1_023), formatBytes(1_536), formatBytes(2 ** 40)]).toEqual(['1023 B', '1.5 KiB', '1.0 TiB']);
    expect([formatShort(99_999), formatShort(120_000)]).toEqual(['99,999', '120K']);
    expect(formatTime(Date.UTC(2026, 10, 21, 9, 30, 1), 'UTC')).toBe('21 Nov 2026, 09:30:01');
    expect([formatAgo(0, 1_000), formatAgo(0, 61_000), formatAgo(0, 3 * 86_400_000)]).toEqual([
      'now',
      '1 min ago',
      '3 d ago',
    ]);
    expect([rounded('5.00 s'), rounded('10.0'), rounded('1.25 s'), rounded('100 ms')]).toEqual([
      '5 s',
      '10',
      '1.25 s',
      '100 ms',
    ]);
  });
});
