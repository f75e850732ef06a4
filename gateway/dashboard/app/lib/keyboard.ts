import { signal } from '@preact/signals';
import { refreshNow } from './refresh.ts';

/** What `?` tells of. */
export const shortcuts: readonly (readonly [string, string])[] = [
  ['/', 'Search'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open the row'],
  ['r', 'Refresh now'],
  ['?', 'This list'],
  ['Esc', 'Close, or leave the field'],
];

export const isHelpOpen = signal(false);

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    const act = actions[event.key];
    if (!act || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    act();
  });
}

const actions: Readonly<Record<string, () => void>> = {
  '/': () =>
    (
      document.querySelector<HTMLElement>('main [data-search]') ?? document.querySelector<HTMLElement>('[data-search]')
    )?.focus(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  r: refreshNow,
  '?': () => {
    isHelpOpen.value = true;
  },
};

/** Rows that can be opened hold a link or a button with `data-row`: it takes the focus, so Enter is the browser's own. */
function moveRow(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const at = document.activeElement instanceof HTMLElement ? rows.indexOf(document.activeElement) : -1;
  const next = at < 0 && step < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: 'nearest' });
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
