const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export const timelineSql = (id: string): string =>
  `SELECT event_time, stage, outcome, attempt, queue_ms, run_ms, worker, error_code, error_message, topic, partition, offset\n` +
  `FROM attempts FINAL\nWHERE task_id = ${quoted(id)}\nORDER BY event_time`;

export interface ListedTasks {
  readonly pipeline: string;
  readonly stage: string;
  readonly state: string;
  readonly search: string;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Of a page of tasks, as they are filtered. */
export function tasksSql({ search, since, until, ...equal }: ListedTasks, limit: number): string {
  const conditions = Object.entries(equal).flatMap(([name, value]) =>
    value === '' ? [] : [`${name} = ${quoted(value)}`],
  );
  if (search !== '') conditions.push(`position(task_id, ${quoted(search)}) > 0`);
  if (since !== undefined) conditions.push(`submitted_at >= fromUnixTimestamp64Milli(${since})`);
  if (until !== undefined) conditions.push(`submitted_at < fromUnixTimestamp64Milli(${until})`);
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}\n`;
  return (
    'SELECT task_id, pipeline, stage, state, submitted_at, finished_at, attempts\nFROM task_submissions\n' +
    `${where}ORDER BY submitted_at DESC, task_id DESC\nLIMIT ${limit}`
  );
}
