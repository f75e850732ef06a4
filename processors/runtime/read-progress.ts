import type { Progress } from '../stage.ts';

const maxNoteLength = 200;
const places = 4;

export const noProgress: Progress = {};

/** Handlers give anything; what cannot be understood says nothing. Never throws. */
export function readProgress(given: unknown): Progress {
  try {
    if (typeof given !== 'object' || given === null) return noProgress;
    const fraction = 'fraction' in given ? given.fraction : undefined;
    const note = 'note' in given ? given.note : undefined;
    return {
      ...(typeof fraction === 'number' && Number.isFinite(fraction) ? { fraction: rounded(fraction) } : {}),
      ...(typeof note === 'string' ? { note: note.slice(0, maxNoteLength) } : {}),
    };
  } catch {
    return noProgress;
  }
}

const rounded = (fraction: number): number => Number(Math.min(1, Math.max(0, fraction)).toFixed(places));
