import { signal } from '@preact/signals';

/** What the address bar says: the URL is the state of every page. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const read = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = signal<Place>(read());

export type QueryChange = Readonly<Record<string, string | number | undefined>>;

/** A link to a page of ours; what is undefined or '' is left out. */
export function linkTo(path: string, query: QueryChange = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') params.set(name, `${value}`);
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function navigate(href: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', href);
  else history.replaceState(null, '', href);
  place.value = read();
  if (how === 'push') document.querySelector('main')?.scrollTo({ top: 0 });
}

/** A link to this page with other parameters; undefined or '' takes one away. */
export function linkHere(change: QueryChange): string {
  const { path, query } = place.value;
  return linkTo(path, { ...Object.fromEntries(query), ...change });
}

export const setQuery = (change: QueryChange, how: 'push' | 'replace' = 'push'): void =>
  navigate(linkHere(change), how);

/** Plain links of ours change the page without loading it; those with a modifier key stay the browser's. */
export function followLinks(isOurs: (path: string) => boolean): void {
  addEventListener('popstate', () => {
    place.value = read();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link?.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (!isOurs(link.pathname)) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
