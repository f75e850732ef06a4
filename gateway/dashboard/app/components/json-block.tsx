import { CopyButton } from './copy-button.tsx';

/** More of a text makes a page slow and nobody reads it; it is copied whole. */
const maxShown = 20_000;

/** A foreign value as text, whatever it holds; in a field, because that can be scrolled and searched by keyboard. */
export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? 'null');
  const lines = text.slice(0, maxShown).split('\n').length;
  return (
    <div class="json-block">
      <textarea class="code" readOnly rows={Math.min(16, lines)} aria-label={label} value={text.slice(0, maxShown)} />
      <p class="hint">
        {text.length > maxShown && `The first ${maxShown} of ${text.length} characters. `}
        <CopyButton text={text} label="Copy all of it" shown="Copy" />
      </p>
    </div>
  );
}
