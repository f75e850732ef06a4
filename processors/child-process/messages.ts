import type { Thrown } from './thrown.ts';

/** What the parent sends; the child has one job at a time. */
export interface JobMessage {
  readonly input: unknown;
}

export type AnswerMessage = { readonly result: unknown } | { readonly thrown: Thrown };
