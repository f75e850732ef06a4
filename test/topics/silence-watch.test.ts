import { describe, expect, it } from 'vitest';
import { SilenceWatch } from '../../topics/kafkajs/silence-watch.ts';

/** Checks every 100 ms up to endMs; answers when it first complained. */
function firstComplaint(watch: SilenceWatch, fromMs: number, endMs: number): number | undefined {
  for (let now = fromMs; now <= endMs; now += 100) if (watch.check(now) !== undefined) return now;
  return undefined;
}

describe('SilenceWatch', () => {
  it('complains once the silence is longer than its limit', () => {
    const watch = new SilenceWatch(1000, 100, 0);
    expect(firstComplaint(watch, 100, 5000)).toBe(1100);
  });

  it('is content with a sign now and then', () => {
    const watch = new SilenceWatch(1000, 100, 0);
    for (let now = 100; now < 20_000; now += 100) {
      if (now % 900 === 0) watch.sign(now);
      expect(watch.check(now)).toBeUndefined();
    }
  });

  it('does not blame the broker for a process that stood still', () => {
    const watch = new SilenceWatch(1000, 100, 0);
    expect(watch.check(100)).toBeUndefined();
    expect(watch.check(60_000)).toBeUndefined();
    expect(firstComplaint(watch, 60_100, 70_000)).toBe(60_900);
  });

  it('counts the silence before and after a stall together', () => {
    const watch = new SilenceWatch(1000, 100, 0);
    expect(firstComplaint(watch, 100, 800)).toBeUndefined();
    expect(watch.check(10_000)).toBeUndefined();
    expect(firstComplaint(watch, 10_100, 12_000)).toBe(10_200);
  });
});
