import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Script: `npm run gen:replicated` writes cluster/, the same schema for a cluster; a test says where it is stale.
 * The server's macros {cluster}, {shard} and {replica} must be set. Apply the files with clickhouse-client, in order,
 * before the first sink starts: it finds every file applied.
 */
const source = new URL('./', import.meta.url);
const target = new URL('cluster/', import.meta.url);

const onCluster = "ON CLUSTER '{cluster}'";

export function replicatedDdl(sql: string): string {
  return sql
    .replaceAll(
      /\bENGINE = (\w*MergeTree)\b/g,
      (_all, engine: string) =>
        `ENGINE = Replicated${engine}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`,
    )
    .replaceAll(/^(CREATE (?:TABLE|MATERIALIZED VIEW) IF NOT EXISTS \w+)/gm, `$1 ${onCluster}`)
    .replaceAll(/^(CREATE OR REPLACE VIEW \w+)/gm, `$1 ${onCluster}`)
    .replaceAll(/^(ALTER TABLE \w+)/gm, `$1 ${onCluster}`)
    .replaceAll(/non_replicated_deduplication_window = \d+, /g, '')
    .replaceAll(/SETTINGS non_replicated_deduplication_window = \d+;/g, ';');
}

/** File name → text. */
export function replicatedFiles(): ReadonlyMap<string, string> {
  const names = readdirSync(source).filter((name) => /^\d{4}_\w+\.sql$/.test(name));
  return new Map(names.sort().map((name) => [name, replicatedDdl(readFileSync(new URL(name, source), 'utf8'))]));
}

export function writeReplicatedFiles(): void {
  for (const [name, text] of replicatedFiles()) writeFileSync(new URL(name, target), text);
}

if (process.argv[1]?.endsWith('replicated-ddl.ts')) writeReplicatedFiles();
