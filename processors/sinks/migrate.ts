import { PenstockError } from '../../schemas/errors.ts';
import type { ClickHouse } from './clickhouse.ts';
import { type AppliedMigration, type Migration, planMigrations, readMigrations } from './migrations.ts';

const createHistory = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    version    UInt32,
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree ORDER BY version`;

/**
 * Brings the database to the newest schema; resolves with the names of the files that it applied. Two at once do no
 * harm: every statement can run twice, and the record of it keeps one row. Rejects with
 * PIPE_CLICKHOUSE_MIGRATION_CHANGED, PIPE_CLICKHOUSE_SCHEMA_NEWER, and as the port does.
 */
export async function migrate(clickhouse: ClickHouse, from?: URL): Promise<string[]> {
  const known = await readMigrations(from);
  await clickhouse.createDatabase();
  await clickhouse.command(createHistory);
  const applied = await clickhouse.query<AppliedMigration>(
    'SELECT version, name, checksum FROM schema_migrations FINAL ORDER BY version',
  );
  const pending = pendingOf(known, applied);
  for (const migration of pending) await apply(clickhouse, migration);
  return pending.map(({ name }) => name);
}

function pendingOf(known: readonly Migration[], applied: readonly AppliedMigration[]): readonly Migration[] {
  const plan = planMigrations(known, applied);
  switch (plan.kind) {
    case 'apply':
      return plan.pending;
    case 'changed':
      throw new PenstockError(
        'PIPE_CLICKHOUSE_MIGRATION_CHANGED',
        `${plan.name} is not the file that was applied to this database`,
        { context: { file: plan.name } },
      );
    case 'newer':
      throw new PenstockError(
        'PIPE_CLICKHOUSE_SCHEMA_NEWER',
        `the database is at schema ${plan.version}, this Penstock knows ${plan.known}`,
        { context: { database: plan.version, known: plan.known } },
      );
  }
}

async function apply(clickhouse: ClickHouse, { statements, version, name, checksum }: Migration): Promise<void> {
  for (const statement of statements) await clickhouse.command(statement);
  await clickhouse.command(
    'INSERT INTO schema_migrations (version, name, checksum) SELECT {version: UInt32}, {name: String}, {checksum: String}',
    { version, name, checksum },
  );
}
