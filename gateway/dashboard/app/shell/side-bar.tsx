import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { caller, isBound, may } from '../api/session.ts';
import { linkTo, place } from '../lib/location.ts';
import { pages } from '../pages/index.ts';

/** On a phone the side bar is a drawer. */
export const isDrawerOpen = signal(false);
const groups = ['Now', 'Tasks', 'System'] as const;

/** Only what the caller may open. Pages keep what they share: the pipeline and the stretch of time. */
export function SideBar() {
  const { path, query } = place.value;
  const kept = { pipeline: query.get('pipeline') ?? '', window: query.get('until') ? '' : (query.get('window') ?? '') };
  const open = pages.filter((page) => may(page.role) && !(page.isForAll && isBound.value));
  const close = () => {
    isDrawerOpen.value = false;
  };
  useEffect(close, [path]);
  return (
    <div class={isDrawerOpen.value ? 'side is-open' : 'side'}>
      <button type="button" class="side-shade" aria-label="Close" onClick={close} />
      <nav class="side-bar" aria-label="Pages">
        <a class="brand" href="/">
          <Logo /> Penstock
        </a>
        {groups.map((group) => {
          const own = open.filter((page) => page.group === group);
          if (own.length === 0) return null;
          return (
            <div class="side-group" key={group}>
              <h2 class="side-head">{group}</h2>
              {own.map((page) => (
                <a
                  key={page.path}
                  class="side-link"
                  href={linkTo(page.path, kept)}
                  aria-current={isAt(path, page.path) ? 'page' : undefined}
                >
                  {page.title}
                </a>
              ))}
            </div>
          );
        })}
        <span class="spacer" />
        <footer class="side-foot">
          <a href="/docs">API reference</a>
          <span>{caller.value?.version}</span>
        </footer>
      </nav>
    </div>
  );
}

const isAt = (path: string, own: string): boolean => path === own || (own !== '/' && path.startsWith(`${own}/`));

function Logo() {
  return (
    <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M4 5v8a4 4 0 0 0 4 4h12M10 5v4a2 2 0 0 0 2 2h8" />
      <circle cx="20" cy="21" r="1.500" />
    </svg>
  );
}
