import { CopyButton } from './copy-button.tsx';

/** An id that can be opened and copied, whatever characters its producer chose. */
export function TaskLink({ id, isRow = false }: { id: string; isRow?: boolean }) {
  const text = <bdi class="mono clip">{id}</bdi>;
  return (
    <span class="task-link">
      <a href={`/tasks/${encodeURIComponent(id)}`} data-row={isRow ? '' : undefined}>
        {text}
      </a>
      <CopyButton text={id} label="Copy the id" shown="Copy" />
    </span>
  );
}
