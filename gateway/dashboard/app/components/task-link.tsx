import { pagePaths } from '../../page-paths.ts';
import { CopyButton } from './copy-button.tsx';

const isTaskPage = Object.values<string>(pagePaths).includes('/tasks/:id');

/** An id that can be opened and copied, whatever characters its producer chose. */
export function TaskLink({ id }: { id: string }) {
  const text = <bdi class="mono clip">{id}</bdi>;
  return (
    <span class="task-link">
      {isTaskPage ? <a href={`/tasks/${encodeURIComponent(id)}`}>{text}</a> : text}
      <CopyButton text={id} label="Copy the id" shown="Copy" />
    </span>
  );
}
