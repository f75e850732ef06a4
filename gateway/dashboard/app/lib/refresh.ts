import { computed, effect, signal } from '@preact/signals';
import { refresh } from './settings.ts';

/** Grows at every refresh: who reads it asks again. */
export const tick = signal(0);
/** For “3 s ago”: a clock that moves once a second while the page is looked at. */
export const now = signal(Date.now());
export const isHidden = signal(document.visibilityState === 'hidden');
export const isPaused = computed(() => refresh.value === 'off' || isHidden.value);

export function refreshNow(): void {
  tick.value += 1;
}

document.addEventListener('visibilitychange', () => {
  isHidden.value = document.visibilityState === 'hidden';
});

effect(() => {
  if (isHidden.value) return;
  now.value = Date.now();
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 1_000);
  return () => clearInterval(timer);
});

let hiddenBefore = false;
effect(() => {
  const seconds = Number(refresh.value);
  if (isPaused.value) {
    hiddenBefore = isHidden.value;
    return;
  }
  // Who comes back to the tab sees what is, not what was.
  if (hiddenBefore) tick.value = tick.peek() + 1;
  hiddenBefore = false;
  const timer = setInterval(refreshNow, seconds * 1_000);
  return () => clearInterval(timer);
});
