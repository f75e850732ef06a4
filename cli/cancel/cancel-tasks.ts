import { userInfo } from 'node:os';
import type { Config } from '../../schemas/config.ts';
import { isPrintable } from '../../schemas/envelope.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { controlRecordSchema } from '../../schemas/generated/control-record.ts';
import { cancelRecord, controlSubject, maxIdsPerOrder } from '../../topics/control/cancel-order.ts';
import { checkSql } from '../check-sql.ts';
import { interactiveTimeoutMs, openBroker, openClickHouse, openCodec } from '../connect.ts';
import { createCommandLogger } from '../logger.ts';

export interface CancelRequest {
  readonly ids: readonly string[];
  /** SQL predicate over the view `tasks`; judged as `penstock sql` judges a SELECT. */
  readonly where: string | undefined;
  /** Empty: any. */
  readonly pipeline: string;
  readonly dryRun: boolean;
}

/** Workers remember so many. */
const maxTasks = 100_000;

/**
 * The ids that every worker was told of. Rejects with PIPE_CLI_USAGE, PIPE_SQL_REFUSED, PIPE_CLICKHOUSE_*,
 * PIPE_BROKER_*, PIPE_TOPIC_UNKNOWN.
 */
export async function cancelTasks(config: Config, request: CancelRequest): Promise<readonly string[]> {
  const ids = [...new Set([...request.ids, ...(await idsWhere(config, request))])];
  if (ids.length === 0 && request.where === undefined) {
    throw new PenstockError('PIPE_CLI_USAGE', 'name the tasks by their ids, or with --where');
  }
  const wrong = ids.find((id) => !isPrintable(id));
  if (wrong !== undefined) throw new PenstockError('PIPE_CLI_USAGE', `no task has the id ${JSON.stringify(wrong)}`);
  if (ids.length > 0 && !request.dryRun) await order(config, ids, request.pipeline);
  return ids;
}

async function idsWhere(config: Config, { where, pipeline }: CancelRequest): Promise<string[]> {
  if (where === undefined) return [];
  const clickhouse = await openClickHouse(config, { requestTimeoutMs: interactiveTimeoutMs });
  const ofPipeline = pipeline === '' ? '' : ' AND pipeline = {pipeline: String}';
  const select =
    `SELECT task_id AS id FROM tasks WHERE state IN ('queued', 'running', 'waiting') AND (${where}\n)` +
    `${ofPipeline} LIMIT ${maxTasks}`;
  try {
    const rows = await clickhouse.query<{ id: string }>(await checkSql(clickhouse, select, { pipeline }), { pipeline });
    return rows.map(({ id }) => id);
  } finally {
    await clickhouse.close();
  }
}

async function order(config: Config, ids: readonly string[], pipeline: string): Promise<void> {
  const codec = await openCodec(config);
  await codec.register(controlSubject, controlRecordSchema);
  const broker = await openBroker(config, 'cancel', createCommandLogger('cancel', config.logLevel));
  const producer = await broker.producer();
  const starts = ids.flatMap((_, index) => (index % maxIdsPerOrder === 0 ? [index] : []));
  const base = { at: Date.now(), pipeline, tenant: '', by: `cli:${userInfo().username}` };
  try {
    await producer.send(
      starts.map((start) => cancelRecord(codec, { ...base, taskIds: ids.slice(start, start + maxIdsPerOrder) })),
    );
  } finally {
    await producer.close();
  }
}
