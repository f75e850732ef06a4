import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import { type CataloguePipeline, findTarget } from '../catalogue.ts';
import { definedFields } from '../defined-fields.ts';
import { type Identity, knownTo } from '../identity/identity.ts';
import { flowEdgeOf, flowQuery } from '../stats/flow.ts';
import { lagHistoryOf, lagQuery, ownersOf, ownersQuery } from '../stats/lag-history.ts';
import { latencyOf, latencyQuery } from '../stats/latency.ts';
import { renderSql } from '../stats/render-sql.ts';
import { readSpan, readWindow } from '../stats/stats-window.ts';
import type { StatsRoutesOptions } from './stats.ts';
import * as schemas from './stats-schemas.ts';
import { readTime } from './submit-request.ts';

const tags = ['statistics'];
const problems = ['PIPE_PIPELINE_UNKNOWN', 'PIPE_CLICKHOUSE_LIMIT', 'PIPE_CLICKHOUSE_UNAVAILABLE'] as const;
const leastLagStep = '15s';
const leastLagStepMs = 15_000;
type Params = Static<typeof schemas.pipelineParams>;

/** How long attempts take, where tasks go, and what waited: of one pipeline, each with its SQL. */
export function addFlowRoutes(app: FastifyInstance, options: StatsRoutesOptions): void {
  addLatency(app, options);
  addFlow(app, options);
  addLag(app, options);
}

function addLatency(app: FastifyInstance, { pipelines, read, now = Date.now }: StatsRoutesOptions): void {
  app.get<{ Params: Params; Querystring: Static<typeof schemas.throughputParameters> }>(
    '/v1/pipelines/:pipeline/latency',
    {
      config: { role: 'read', problems: [...problems, 'PIPE_STAGE_UNKNOWN'] },
      schema: {
        summary: 'How many attempts took how long, over time: a heat-map of waiting and one of running',
        ...{ tags, params: schemas.pipelineParams, querystring: schemas.throughputParameters },
        response: { 200: schemas.latencyAnswer },
      },
    },
    async ({ params, query, identity }) => {
      const { pipeline } = stagesOf(pipelines, identity, params.pipeline, query.stage);
      const { window = '15m', step, stage } = query;
      const span = readWindow(definedFields({ window, step, until: readTime(query.until) }), now());
      const question = definedFields({ ...{ pipeline, stage, tenant: identity.tenant }, window: span });
      const asked = latencyQuery(question);
      return { ...latencyOf(question, await read(asked)), sql: renderSql(asked) };
    },
  );
}

function addFlow(app: FastifyInstance, { pipelines, read, now = Date.now }: StatsRoutesOptions): void {
  app.get<{ Params: Params; Querystring: Static<typeof schemas.flowParameters> }>(
    '/v1/pipelines/:pipeline/flow',
    {
      config: { role: 'read', problems },
      schema: {
        summary: 'The ways that tasks took from stage to stage, and how they ended',
        ...{ tags, params: schemas.pipelineParams, querystring: schemas.flowParameters },
        response: { 200: schemas.flowAnswer },
      },
    },
    async ({ params, query, identity }) => {
      const { pipeline } = stagesOf(pipelines, identity, params.pipeline);
      const windowMs = readSpan('window', query.window ?? '15m');
      const asked = flowQuery({ pipeline, tenant: identity.tenant, windowMs, nowMs: now() });
      return { windowMs, edges: (await read(asked)).map(flowEdgeOf), sql: renderSql(asked) };
    },
  );
}

function addLag(app: FastifyInstance, { pipelines, read, now = Date.now }: StatsRoutesOptions): void {
  app.get<{ Params: Params; Querystring: Static<typeof schemas.lagParameters> }>(
    '/v1/pipelines/:pipeline/lag',
    {
      config: { role: 'read', problems },
      schema: {
        summary: 'Backlog of each stage over time, and which worker owns which partition',
        ...{ tags, params: schemas.pipelineParams, querystring: schemas.lagParameters },
        response: { 200: schemas.lagAnswer },
      },
    },
    async ({ params, query, identity }) => {
      const { pipeline, stages } = stagesOf(pipelines, identity, params.pipeline);
      if (identity.tenant !== undefined) {
        throw new PenstockError('PIPE_GATEWAY_FORBIDDEN', 'the token is bound to a tenant: the backlog is everybody’s');
      }
      const window = query.window ?? '15m';
      // Finer than the samples come there would be holes.
      const isCoarse = readSpan('window', window) > 300 * leastLagStepMs;
      const step = query.step ?? (isCoarse ? undefined : leastLagStep);
      const span = readWindow(definedFields({ window, step, until: readTime(query.until) }), now());
      const question = { pipeline, stages, window: span };
      const asked = lagQuery(question);
      const [rows, owners] = await Promise.all([read(asked), read(ownersQuery(pipeline, stages, now()))]);
      return { ...lagHistoryOf(question, rows), owners: ownersOf(pipeline, stages, owners), sql: renderSql(asked) };
    },
  );
}

function stagesOf(all: readonly CataloguePipeline[], identity: Identity, name: string, stage?: string) {
  const known = knownTo(identity, all);
  const { pipeline } = findTarget(known, name, stage);
  return { pipeline, stages: known.find((each) => each.name === pipeline)?.stages.map((each) => each.name) ?? [] };
}
