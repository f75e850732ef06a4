import { navigate, setQuery } from './location.ts';

const shortestMs = 10_000;

/** What was brushed, in whole seconds; on another page where one is named. */
export function zoomInto(fromMs: number, toMs: number, href?: string): void {
  const until = Math.ceil(toMs / 1_000) * 1_000;
  const length = Math.max(shortestMs, until - Math.floor(fromMs / 1_000) * 1_000);
  if (href !== undefined) navigate(href);
  setQuery({ window: `${Math.ceil(length / 1_000)}s`, until: until - 1 }, href === undefined ? 'push' : 'replace');
}
