import { definedFields } from '../defined-fields.ts';
import type { Query, Row } from '../history/queries.ts';

/** Tasks that went from one stage to another, or ended there. */
export interface FlowEdge {
  readonly from: string;
  /** Empty: they ended, as `outcome` says. */
  readonly to: string;
  readonly outcome: string;
  readonly tasks: number;
}

/** Which ways tasks take is in no definition, for a stage decides as it runs: the history tells. */
export function flowQuery(question: {
  readonly pipeline: string;
  readonly tenant: string | undefined;
  readonly windowMs: number;
  readonly nowMs: number;
}): Query {
  const { pipeline, tenant, windowMs, nowMs } = question;
  return {
    sql: `SELECT stage, next_stage, toString(outcome) AS outcome_name, count() AS tasks
FROM attempts
WHERE pipeline = {pipeline: String} AND event_time >= fromUnixTimestamp64Milli({from: Int64})
  AND outcome IN ('ok', 'dead', 'expired', 'cancelled') AND next_stage != stage${tenant === undefined ? '' : ' AND tenant = {tenant: String}'}
GROUP BY stage, next_stage, outcome_name
ORDER BY stage, next_stage, outcome_name`,
    // So that all who look within a second ask the same.
    params: definedFields({ pipeline, tenant, from: Math.floor((nowMs - windowMs) / 1_000) * 1_000 }),
  };
}

export const flowEdgeOf = (row: Row): FlowEdge => ({
  from: String(row.stage),
  to: String(row.next_stage),
  outcome: String(row.outcome_name),
  tasks: Number(row.tasks),
});
