import { may } from '../api/session.ts';
import { navigate } from '../lib/location.ts';

/** From an id to its task, from anywhere. */
export function FindTask() {
  if (!may('read')) return null;
  return (
    <search>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault();
          const id = String(new FormData(event.currentTarget).get('id') ?? '').trim();
          if (id !== '') navigate(`/tasks/${encodeURIComponent(id)}`);
        }}
      >
        <input
          class="input"
          name="id"
          data-search
          aria-label="Find a task by its id"
          placeholder="Find a task by its id"
        />
        <kbd>/</kbd>
      </form>
    </search>
  );
}
