import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Copies a text; says so for a moment, in the place it has anyway. */
export function CopyButton({ text, label, shown = label }: { text: string; label: string; shown?: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'refused'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), 1_500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState('done'),
      () => setState('refused'),
    );
  return (
    <button type="button" class="copy" title={label} aria-label={label} onClick={copy} aria-live="polite">
      {state === 'idle' ? shown : state === 'done' ? 'Copied' : 'Not allowed'}
    </button>
  );
}

export interface CopyableProps {
  readonly text: string;
  /** Of the button. */
  readonly label: string;
  /** Default: the text, cut to the room there is. */
  readonly children?: ComponentChildren;
}

/** An id, a place, a hash: shown, and copied whole. */
export function Copyable({ text, label, children = <bdi class="mono clip">{text}</bdi> }: CopyableProps) {
  return (
    <span class="copyable">
      {children}
      <CopyButton text={text} label={label} shown="Copy" />
    </span>
  );
}
