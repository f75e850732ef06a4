import type { ComponentChildren } from 'preact';
import type { Answer } from '../api/use-answer.ts';
import { formatClock } from '../lib/format.ts';
import { zone } from '../lib/settings.ts';

export interface LoadedProps<Data> {
  readonly answer: Answer<Data>;
  /** Height of what will be there, so that nothing moves when it comes. */
  readonly height?: number;
  readonly children: (data: Data) => ComponentChildren;
}

/** What an answer holds; before it comes a grey plate, after a failure the reason beside what was known before. */
export function Loaded<Data>({ answer, height = 200, children }: LoadedProps<Data>) {
  const { data, error, isStale, at } = answer;
  if (data === undefined && error) return <Failure code={error.code} message={error.message} again={answer.again} />;
  if (data === undefined) return <div class="skeleton" style={{ height: `${height}px` }} aria-busy="true" />;
  return (
    <div class={isStale ? 'is-stale' : ''} aria-busy={isStale}>
      {error && error.status !== 0 && (
        <p class="notice notice-warn" role="status">
          <b>{error.code}</b> {error.message}{' '}
          {at !== undefined && `Shown is what was known at ${formatClock(at, zone.value)}.`}
        </p>
      )}
      {children(data)}
    </div>
  );
}

export interface FailureProps {
  readonly code: string;
  readonly message: string;
  readonly again?: (() => void) | undefined;
}

export function Failure({ code, message, again }: FailureProps) {
  return (
    <div class="state" role="alert">
      <h2 class="state-title">{message}</h2>
      <p class="state-text mono">{code}</p>
      {again && (
        <button type="button" class="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Nothing to show, why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <h2 class="state-title">{title}</h2>
      {children && <div class="state-text">{children}</div>}
    </div>
  );
}
