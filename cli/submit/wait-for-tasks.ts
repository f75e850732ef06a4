import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { endStates } from '../../schemas/task-ending.ts';
import { countOf } from '../count-of.ts';

const pollEveryMs = 300;
const idsPerQuery = 1_000;
const terminal: ReadonlySet<string> = new Set(endStates);

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly onProgress: (ended: number) => void;
}

/** The final state of each task, once all have one. Rejects with PIPE_CLI_WAIT_TIMEOUT. */
export async function waitForTasks(
  clickhouse: ClickHouse,
  ids: readonly string[],
  options: WaitOptions,
): Promise<ReadonlyMap<string, string>> {
  const endsAt = Date.now() + options.timeoutMs;
  const states = new Map<string, string>();
  for (;;) {
    const open = [...new Set(ids)].filter((id) => !states.has(id));
    for (const [id, state] of await askOnce(clickhouse, open.slice(0, idsPerQuery), endsAt)) states.set(id, state);
    options.onProgress(states.size);
    if (states.size === new Set(ids).size) return states;
    if (Date.now() > endsAt) {
      const missing = ids.length - states.size;
      throw new PenstockError(
        'PIPE_CLI_WAIT_TIMEOUT',
        `not ended in time: ${missing} of ${countOf(ids.length, 'task')}`,
      );
    }
    await sleep(pollEveryMs);
  }
}

/** ClickHouse may be away for a moment; the tasks are accepted, so only the end of the wait ends it. */
async function askOnce(clickhouse: ClickHouse, ids: readonly string[], endsAt: number): Promise<[string, string][]> {
  try {
    return await terminalStates(clickhouse, ids);
  } catch (error) {
    if (error instanceof PenstockError && error.retryable && Date.now() < endsAt) return [];
    throw error;
  }
}

async function terminalStates(clickhouse: ClickHouse, ids: readonly string[]): Promise<[string, string][]> {
  const rows = await clickhouse.query<{ id: string; state: string }>(
    'SELECT toString(task_id) AS id, toString(state) AS state FROM tasks WHERE task_id IN {ids: Array(String)}',
    { ids: [...ids] },
  );
  return rows.filter(({ state }) => terminal.has(state)).map(({ id, state }) => [id, state]);
}
