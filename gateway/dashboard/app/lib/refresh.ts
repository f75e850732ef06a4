import { computed, effect, signal } from '@preact/signals';
import { refresh } from './settings.ts';

/** Grows when all that is shown is to be asked anew: who reads it asks again. */
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

// Who comes back to the tab sees what is, not what was.
let wasHidden = false;
effect(() => {
  if (wasHidden && !isHidden.value && refresh.peek() !== 'off') tick.value = tick.peek() + 1;
  wasHidden = isHidden.value;
});
