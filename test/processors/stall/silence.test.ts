import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createPulse } from '../../../processors/stall/pulse.ts';
import { Silence } from '../../../processors/stall/silence.ts';

const limits = { tickMs: 250, reportMs: 1_000, limitMs: 2_000 };
const nothing = { kind: 'nothing' };

it('says nothing of a loop that turns, nor of a short silence', () => {
  const silence = new Silence(limits);
  expect([1, 2, 2, 2, 2, 3, 9].map((beats) => silence.tick(beats))).toEqual(Array(7).fill(nothing));
});

it('reports a silence that ended, and finds one that does not', () => {
  const silence = new Silence(limits);
  expect([1, 1, 1, 1, 1, 2].map((beats) => silence.tick(beats)).at(-1)).toEqual({ kind: 'blocked', ms: 1_000 });
  const ticks = Array.from({ length: 8 }, () => silence.tick(2));
  expect(ticks.slice(0, 7)).toEqual(Array(7).fill(nothing));
  expect(ticks[7]).toEqual({ kind: 'stalled', ms: 2_000 });
});

it('is stalled exactly when so many ticks saw no beat, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 60 }), (steps) => {
      const silence = new Silence(limits);
      let beats = 0;
      let silent = 0;
      for (const step of steps) {
        beats += step;
        const before = silent;
        silent = step === 0 ? silent + 1 : 0;
        const found = silence.tick(beats);
        if (silent >= 8) expect(found).toEqual({ kind: 'stalled', ms: silent * 250 });
        else if (step > 0 && before >= 4) expect(found).toEqual({ kind: 'blocked', ms: before * 250 });
        else expect(found).toEqual(nothing);
      }
    }),
  );
});

it('the pulse carries beats and a text that is cut to its room', () => {
  const main = createPulse();
  const watchdog = createPulse(main.memory);
  main.beat();
  main.beat();
  main.say('{"p.work":3}');
  expect([watchdog.beats(), watchdog.said()]).toEqual([2, '{"p.work":3}']);
  main.say('ä'.repeat(5_000));
  expect(watchdog.said()).toBe('ä'.repeat(2_048));
  main.say('');
  expect(watchdog.said()).toBe('');
});
