import { stageTopic } from '../../topics/names.ts';
import type { CataloguePipeline } from '../catalogue.ts';
import type { Identity } from '../identity/identity.ts';
import { backlogOf, type Rates, ratesByTopic, ratesQuery, type Trend } from './lag-trend.ts';
import type { LiveLag, PartitionLag } from './live-lag.ts';
import type { ReadRows } from './shared-reader.ts';
import { type WorkerState, workerOf, workersQuery } from './workers.ts';

/** What waits in a stage, and who works on it; null: not known now. */
export interface StageLoad {
  readonly lag: number | null;
  readonly partitions: readonly PartitionLag[];
  readonly inPerSecond: number | null;
  readonly outPerSecond: number | null;
  readonly trend: Trend;
  readonly etaMs: number | null;
  readonly inFlight: number | null;
  readonly workers: number | null;
}

export const unknownLoad: StageLoad = {
  lag: null,
  partitions: [],
  inPerSecond: null,
  outPerSecond: null,
  trend: 'unknown',
  etaMs: null,
  inFlight: null,
  workers: null,
};

export interface StageLoads {
  /** By topic. Never rejects: what Kafka or ClickHouse does not say is null. */
  of(pipelines: readonly CataloguePipeline[], identity: Identity): Promise<ReadonlyMap<string, StageLoad>>;
}

const workersWindowMs = 60_000;

/** The lag comes from Kafka as it is now, its pace and the workers from ClickHouse. Tenants share it: they are told nothing. */
export function stageLoads(parts: { lag: LiveLag; read: ReadRows; now?: () => number }): StageLoads {
  const { lag, read, now = Date.now } = parts;
  return {
    async of(pipelines, identity) {
      if (identity.tenant !== undefined) return new Map();
      const nowMs = now();
      const asked = Promise.all([
        read(ratesQuery(nowMs)).then(ratesByTopic, () => undefined),
        read(workersQuery(workersWindowMs, nowMs)).then(
          (rows) => rows.map((row) => workerOf(row, nowMs)),
          () => undefined,
        ),
      ]);
      const places = pipelines.flatMap(({ name, stages }) =>
        stages.map((stage) => ({ pipeline: name, stage: stage.name })),
      );
      const loads = places.map(async ({ pipeline, stage }): Promise<[string, StageLoad]> => {
        const partitions = await lag.of(pipeline, stage).catch(() => undefined);
        const [rates, workers] = await asked;
        const own = workers?.filter((each) => each.pipeline === pipeline && each.stage === stage);
        const topic = stageTopic(pipeline, stage);
        return [topic, { ...backlog(partitions, rates?.get(topic)), ...staff(own) }];
      });
      return new Map(await Promise.all(loads));
    },
  };
}

function backlog(partitions: readonly PartitionLag[] | undefined, rates: Rates | undefined) {
  if (!partitions) return { ...unknownLoad, ...rates };
  const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
  return { ...backlogOf(lag, rates), partitions };
}

function staff(own: readonly WorkerState[] | undefined): Pick<StageLoad, 'inFlight' | 'workers'> {
  if (!own) return { inFlight: null, workers: null };
  const running = own.filter(({ state }) => state === 'running');
  return { inFlight: running.reduce((sum, each) => sum + each.inFlight, 0), workers: running.length };
}
