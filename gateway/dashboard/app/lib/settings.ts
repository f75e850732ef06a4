import { effect, type Signal, signal } from '@preact/signals';

/** What a person likes, not what a page shows: kept in this browser, not in the URL. */
export const themes = ['system', 'light', 'dark'] as const;
export const zones = ['local', 'UTC'] as const;
export const refreshChoices = ['2', '5', '10', '30', 'off'] as const;
export const defaultRefresh = '2';

export type Theme = (typeof themes)[number];

export const theme = kept('theme', themes, 'system');
export const zone = kept('zone', zones, 'local');
/** Seconds. */
export const refresh = kept('refresh', refreshChoices, defaultRefresh);

function kept<Choice extends string>(name: string, choices: readonly Choice[], usual: Choice): Signal<Choice> {
  const key = `penstock.${name}`;
  const stored = readStored(key);
  const value = signal<Choice>(choices.find((choice) => choice === stored) ?? usual);
  effect(() => store(key, value.value));
  return value;
}

/** A browser may refuse storage: then a choice lasts as long as the page. */
function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Refused: see above.
  }
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(prefersDark.matches);
prefersDark.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches;
});

/** The theme in effect; charts are drawn anew when it changes. */
export const shownTheme = signal<'light' | 'dark'>('light');
effect(() => {
  const wanted = theme.value === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme.value;
  document.documentElement.dataset.theme = wanted;
  shownTheme.value = wanted;
});
