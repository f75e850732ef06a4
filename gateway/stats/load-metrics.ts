import { Gauge, type Registry } from 'prom-client';
import { stageTopic } from '../../topics/names.ts';
import type { CataloguePipeline } from '../catalogue.ts';
import { anybody } from '../identity/identity.ts';
import type { StageLoad, StageLoads } from './stage-loads.ts';

/** Gauges that are asked for when somebody scrapes; what is not known then has no sample. */
export function addLoadMetrics(registry: Registry, pipelines: readonly CataloguePipeline[], loads: StageLoads): void {
  const labelNames = ['pipeline', 'stage'] as const;
  const gauge = (name: string, help: string, read: (load: StageLoad) => number | null): void => {
    new Gauge({
      ...{ name, help, labelNames, registers: [registry] },
      async collect() {
        const found = await loads.of(pipelines, anybody);
        this.reset();
        for (const { name: pipeline, stages } of pipelines) {
          for (const { name: stage } of stages) {
            const load = found.get(stageTopic(pipeline, stage));
            const value = load ? read(load) : null;
            if (value !== null) this.set({ pipeline, stage }, value);
          }
        }
      },
    });
  };
  gauge('penstock_stage_lag', 'Records of the stage’s topic that are not committed yet.', ({ lag }) => lag);
  gauge('penstock_stage_in_flight', 'Tasks whose handler runs, over all workers.', ({ inFlight }) => inFlight);
  gauge('penstock_stage_workers', 'Workers that run the stage.', ({ workers }) => workers);
}
