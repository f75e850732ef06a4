import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { PenstockError } from '../../schemas/errors.ts';
import type { HistoryStore } from '../plugins/clickhouse.ts';
import { UserSql } from '../sql/user-sql.ts';

const sqlBody = Type.Object(
  { sql: Type.String({ minLength: 1, maxLength: 65_536 }) },
  {
    additionalProperties: false,
    examples: [{ sql: 'SELECT stage, count() AS attempts FROM attempts GROUP BY stage' }],
  },
);

const sqlAnswer = Type.Object(
  {
    columns: Type.Array(Type.Object({ name: Type.String(), type: Type.String({ description: 'ClickHouse type' }) })),
    rows: Type.Array(Type.Array(Type.Unknown()), { description: 'Values by column; 64-bit integers as strings' }),
    elapsedMs: Type.Integer(),
    rowsRead: Type.Integer(),
  },
  { description: 'The result' },
);

/** POST /v1/sql: a SELECT over the history, for who may see all of it. */
export function addSqlRoute(app: FastifyInstance, store: HistoryStore): void {
  const userSql = new UserSql(store);
  app.register(async (scope) => {
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, scope.getDefaultJsonParser('error', 'error'));
    scope.post<{ Body: Static<typeof sqlBody> }>(
      '/v1/sql',
      {
        config: {
          role: 'read',
          problems: [
            'PIPE_SQL_REFUSED',
            'PIPE_CLICKHOUSE_QUERY',
            'PIPE_CLICKHOUSE_LIMIT',
            'PIPE_CLICKHOUSE_UNAVAILABLE',
          ],
        },
        schema: {
          summary: 'One SELECT over the history: 10 s, 10 000 rows, 512 MiB at most',
          tags: ['statistics'],
          body: sqlBody,
          response: { 200: sqlAnswer },
        },
      },
      async (request) => {
        const { tenant, pipelines } = request.identity;
        if (tenant !== undefined || pipelines) {
          throw new PenstockError('PIPE_GATEWAY_FORBIDDEN', 'the token is bound: SQL would show what is not its own');
        }
        return store.runSql(await userSql.check(request.body.sql));
      },
    );
  });
}
