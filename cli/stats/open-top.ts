import { anybody } from '../../gateway/identity/identity.ts';
import { LiveLag } from '../../gateway/stats/live-lag.ts';
import { stageLoads } from '../../gateway/stats/stage-loads.ts';
import type { Pipeline } from '../../processors/pipeline.ts';
import type { ClickHouse } from '../../processors/sinks/clickhouse.ts';
import { stageTopic } from '../../topics/names.ts';
import type { Broker } from '../../topics/ports.ts';
import { type Load, type TopLine, topLines, topQuery } from './top-view.ts';

export interface TopParts {
  readonly broker: Pick<Broker, 'admin'>;
  readonly clickhouse: Pick<ClickHouse, 'query'>;
  readonly pipelines: readonly Pick<Pipeline, 'name' | 'stages'>[];
}

export interface Top {
  /** Rejects with PIPE_CLICKHOUSE_*; what Kafka does not say is null. */
  look(): Promise<readonly TopLine[]>;
  close(): Promise<void>;
}

export function openTop({ broker, clickhouse, pipelines }: TopParts): Top {
  const lag = new LiveLag({ broker });
  const read = (query: { sql: string; params: Readonly<Record<string, string | number>> }) =>
    clickhouse.query<Readonly<Record<string, unknown>>>(query.sql, query.params);
  const loads = stageLoads({ lag, read });
  const known = pipelines.flatMap(({ name, stages }) => stages.map((stage) => ({ pipeline: name, stage: stage.name })));
  return {
    async look() {
      const [rows, found] = await Promise.all([read(topQuery(Date.now())), loads.of(pipelines, anybody)]);
      const loadOf = (pipeline: string, stage: string): Load => {
        const load = found.get(stageTopic(pipeline, stage));
        if (!load) return { backlog: null, inFlight: null, workers: null };
        const { lag: records, inFlight, workers, ...pace } = load;
        return { backlog: records === null ? null : { ...pace, lag: records }, inFlight, workers };
      };
      return topLines(known, rows, loadOf);
    },
    close: () => lag.close(),
  };
}
