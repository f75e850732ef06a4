import { describe, expect, it } from 'vitest';
import { readRange } from '../../../gateway/watching/byte-range.ts';
import { readWait } from '../../../gateway/watching/waiting.ts';

describe('a range', () => {
  it.each([
    [undefined, 10, 'all'],
    ['bytes=0-3', 10, { start: 0, end: 3 }],
    ['bytes=4-', 10, { start: 4, end: 9 }],
    ['bytes=4-99', 10, { start: 4, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-99', 10, { start: 0, end: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=3-1', 10, 'all'],
    ['bytes=0-1,3-4', 10, 'all'],
    ['items=0-1', 10, 'all'],
    ['bytes=-', 10, 'all'],
    ['bytes=99999999999999999999-', 10, 'all'],
  ])('%s of %i bytes', (header, size, expected) => {
    expect(readRange(header, size)).toEqual(expected);
  });
});

describe('a wait', () => {
  it.each([
    ['10s', 10_000],
    ['500ms', 500],
    ['2m', 120_000],
    ['7', 7_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(readWait(text)).toBe(ms);
  });

  it.each(['', 's', '-1s', '1h', '6m', '301s', '1.5s', '10 s', '0x10'])('“%s” is refused', (text) => {
    expect(() => readWait(text)).toThrow(expect.objectContaining({ code: 'PIPE_GATEWAY_REQUEST_INVALID' }));
  });
});
