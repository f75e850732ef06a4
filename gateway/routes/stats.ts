import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { definedFields } from '../defined-fields.ts';
import { knownTo } from '../identity/identity.ts';
import { type ErrorQuestion, errorGroupsOf, errorsQuery } from '../stats/error-groups.ts';
import { renderSql } from '../stats/render-sql.ts';
import type { ReadRows } from '../stats/shared-reader.ts';
import { readSpan, readWindow } from '../stats/stats-window.ts';
import { type ThroughputQuestion, throughputOf, throughputQuery } from '../stats/throughput.ts';
import { workerOf, workersQuery } from '../stats/workers.ts';
import * as schemas from './stats-schemas.ts';
import { readTime } from './submit-request.ts';

export interface StatsRoutesOptions {
  readonly pipelines: readonly CataloguePipeline[];
  readonly read: ReadRows;
  /** Default Date.now. */
  readonly now?: () => number;
}

const tags = ['statistics'];
const problems = ['PIPE_CLICKHOUSE_LIMIT', 'PIPE_CLICKHOUSE_UNAVAILABLE'] as const;
const minuteMs = 60_000;

/** Numbers for charts, each answer with the SQL that it comes from. */
export function addStatsRoutes(app: FastifyInstance, options: StatsRoutesOptions): void {
  addThroughput(app, options);
  addErrors(app, options);
  addWorkers(app, options);
}

function addThroughput(app: FastifyInstance, { pipelines, read, now = Date.now }: StatsRoutesOptions): void {
  type Request = {
    Params: Static<typeof schemas.pipelineParams>;
    Querystring: Static<typeof schemas.throughputParameters>;
  };
  app.get<Request>(
    '/v1/pipelines/:pipeline/stats',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN', 'PIPE_STAGE_UNKNOWN', ...problems] },
      schema: {
        summary: 'Throughput, waiting and running times of a pipeline over time',
        tags,
        params: schemas.pipelineParams,
        querystring: schemas.throughputParameters,
        response: { 200: schemas.throughputAnswer },
      },
    },
    async ({ params, query, identity }) => {
      const known = knownTo(identity, pipelines);
      const { pipeline } = findTarget(known, params.pipeline, query.stage);
      const stages = known.find(({ name }) => name === pipeline)?.stages.map(({ name }) => name) ?? [];
      const { window = '15m', step, stage } = query;
      const span = definedFields({ window, step, until: readTime(query.until) });
      const question: ThroughputQuestion = definedFields({
        ...{ pipeline, stage, tenant: identity.tenant, window: readWindow(span, now()) },
      });
      const asked = throughputQuery(question);
      const shown = stage === undefined ? stages : [stage];
      return { ...throughputOf(question, shown, await read(asked)), sql: renderSql(asked) };
    },
  );
}

function addErrors(app: FastifyInstance, { pipelines, read, now = Date.now }: StatsRoutesOptions): void {
  app.get<{ Querystring: Static<typeof schemas.errorParameters> }>(
    '/v1/stats/errors',
    {
      config: { role: 'read', problems: ['PIPE_PIPELINE_UNKNOWN', 'PIPE_STAGE_UNKNOWN', ...problems] },
      schema: {
        summary: 'Failures by kind, over time',
        tags,
        querystring: schemas.errorParameters,
        response: { 200: schemas.errorsAnswer },
      },
    },
    async ({ query, identity }) => {
      const { pipeline, stage, limit } = query;
      const known = knownTo(identity, pipelines);
      if (pipeline !== undefined) findTarget(known, pipeline, stage);
      const question: ErrorQuestion = definedFields({
        ...{ pipeline, stage, limit, tenant: identity.tenant },
        pipelines: identity.pipelines && [...identity.pipelines],
        window: errorWindow(query, now()),
      });
      const asked = errorsQuery(question);
      return { ...errorGroupsOf(question, await read(asked)), sql: renderSql(asked) };
    },
  );
}

/** Errors are kept by the minute. */
function errorWindow(query: Static<typeof schemas.errorParameters>, nowMs: number) {
  const { window = '1h', step } = query;
  const wanted = readWindow(definedFields({ window, step, until: readTime(query.until) }), nowMs);
  if (wanted.stepMs % minuteMs === 0) return wanted;
  if (step !== undefined) throw new PenstockError('PIPE_GATEWAY_REQUEST_INVALID', 'step must be whole minutes');
  const longEnough = readSpan('window', window) >= minuteMs ? window : '1m';
  return readWindow(definedFields({ window: longEnough, step: '1m', until: readTime(query.until) }), nowMs);
}

function addWorkers(app: FastifyInstance, { read, now = Date.now }: StatsRoutesOptions): void {
  app.get<{ Querystring: Static<typeof schemas.workerParameters> }>(
    '/v1/stats/workers',
    {
      config: { role: 'read', problems },
      schema: {
        summary: 'Workers, and what each of their stages does',
        tags,
        querystring: schemas.workerParameters,
        response: { 200: schemas.workersAnswer },
      },
    },
    async ({ query, identity }) => {
      if (identity.tenant !== undefined) {
        throw new PenstockError('PIPE_GATEWAY_FORBIDDEN', 'the token is bound to a tenant: workers serve all of them');
      }
      const nowMs = now();
      const asked = workersQuery(
        readSpan('window', query.window ?? '15m'),
        nowMs,
        identity.pipelines && [...identity.pipelines],
      );
      return { workers: (await read(asked)).map((row) => workerOf(row, nowMs)), sql: renderSql(asked) };
    },
  );
}
