import { Copyable } from './copy-button.tsx';

/** An id that can be opened and copied, whatever characters its producer chose. */
export function TaskLink({ id, isRow = false }: { id: string; isRow?: boolean }) {
  return (
    <Copyable text={id} label="Copy the id">
      <a href={`/tasks/${encodeURIComponent(id)}`} data-row={isRow ? '' : undefined}>
        <bdi class="mono clip">{id}</bdi>
      </a>
    </Copyable>
  );
}
