import type { ComponentChildren } from 'preact';

/** Title of a page, and what it can be told: always in the same place. */
export function PageHead({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <header class="page-head">
      <h1 class="page-title">{title}</h1>
      <div class="page-tools">{children}</div>
    </header>
  );
}
