import type { Zone } from './format.ts';

/** Distances between the marks of a time axis that people count in, ms. */
export const markStepsMs = [
  1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 432_000,
].map((seconds) => seconds * 1_000);

/** The shortest of them that gives so many marks at most. */
export const markStepFor = (spanMs: number, maxMarks: number): number =>
  markStepsMs.find((stepMs) => spanMs / stepMs <= maxMarks) ?? 864_000_000;

/** Where marks so far apart stand: at whole hours and days of the zone, also where its clocks change in between. */
export function timeMarks(fromMs: number, toMs: number, apartMs: number, zone: Zone): number[] {
  const behindMs = (ms: number): number => (zone === 'UTC' ? 0 : new Date(ms).getTimezoneOffset() * 60_000);
  const shiftMs = behindMs(fromMs);
  const marks: number[] = [];
  for (let wall = Math.ceil((fromMs - shiftMs) / apartMs) * apartMs; ; wall += apartMs) {
    const ms = wall + behindMs(wall + shiftMs);
    if (ms > toMs) return marks;
    // An hour that the zone leaves out is the one before it.
    if (ms !== marks.at(-1)) marks.push(ms);
  }
}
