import type { ComponentChildren } from 'preact';
import { isBound } from '../api/session.ts';
import { CopyButton } from './copy-button.tsx';

export interface PanelProps {
  readonly title: string;
  /** Beside the title, in a quieter voice. */
  readonly hint?: string | undefined;
  /** Of what it shows; who may run SQL can copy it. */
  readonly sql?: string | undefined;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly isFlush?: boolean;
}

export function Panel({ title, hint, sql, actions, children, isFlush = false }: PanelProps) {
  return (
    <section class={isFlush ? 'panel panel-flush' : 'panel'}>
      <header class="panel-head">
        <h2 class="panel-title">{title}</h2>
        {hint && <span class="hint">{hint}</span>}
        <span class="spacer" />
        {actions}
        {sql !== undefined && !isBound.value && <CopyButton text={sql} label="Copy as SQL" />}
      </header>
      {children}
    </section>
  );
}
