import { expect, it } from 'vitest';
import { waitForTasks } from '../../cli/submit/wait-for-tasks.ts';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { PenstockError } from '../../schemas/errors.ts';

const wait = (answers: readonly (() => unknown)[], timeoutMs: number) => {
  let asked = 0;
  const query = async () => answers[Math.min(asked++, answers.length - 1)]?.();
  const clickhouse = { query } as Pick<ClickHouse, 'query'> as ClickHouse;
  return waitForTasks(clickhouse, ['a'], { timeoutMs, onProgress() {} });
};
const away = () => {
  throw new PenstockError('PIPE_CLICKHOUSE_UNAVAILABLE', 'away');
};

it('sits out a ClickHouse that is away for a moment', async () => {
  expect(await wait([away, away, () => [{ id: 'a', state: 'succeeded' }]], 60_000)).toEqual(
    new Map([['a', 'succeeded']]),
  );
});

it('says so when it is away to the end', async () => {
  await expect(wait([away], 0)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_UNAVAILABLE' });
});

it('does not sit out a query that is refused', async () => {
  const refused = () => {
    throw new PenstockError('PIPE_CLICKHOUSE_QUERY', 'no');
  };
  await expect(wait([refused], 60_000)).rejects.toMatchObject({ code: 'PIPE_CLICKHOUSE_QUERY' });
});
