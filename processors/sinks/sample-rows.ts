import type { WorkerSample } from '../../schemas/generated/worker-sample.ts';
import { compactLine, countValue, dateValue, maxUInt32, textValue } from './column-values.ts';

export type SampleTable = 'group_lag' | 'workers';

export const lagColumns = ['t', 'group', 'topic', 'partition', 'committed', 'end_offset', 'lag', 'worker'] as const;

export const workerColumns = [
  ...['t', 'worker', 'pipeline', 'stage', 'started_at', 'code_version', 'partitions', 'in_flight', 'queued'],
  ...['done', 'failed', 'retried', 'expired', 'memory_bytes', 'is_leaving'],
] as const;

/**
 * The rows of one sample: the table's name, a space, and the row as JSONCompactEachRow. Every value fits its column. The
 * time is the record's: samples of all workers are compared with each other and with now, and their clocks differ.
 */
export function sampleRows(sample: WorkerSample, recordMs: number): string[] {
  const at = dateValue(recordMs);
  const startedAt = dateValue(recordMs - (sample.at - sample.startedAt));
  const worker = textValue(sample.worker);
  const lags = sample.lags.map(({ group, topic, partition, committed, endOffset }) => {
    const [from, to] = [countValue(committed), countValue(endOffset)];
    const place = [textValue(group), textValue(topic), countValue(partition, maxUInt32)];
    return `group_lag ${compactLine([at, ...place, from, to, Math.max(0, to - from), worker])}`;
  });
  const { codeVersion, memoryBytes, isLeaving } = sample;
  const stages = sample.stages.map((stage) => {
    const names = [worker, textValue(stage.pipeline), textValue(stage.stage)];
    const version = [startedAt, textValue(codeVersion)];
    const now = [stage.partitions, stage.inFlight, stage.queued].map((value) => countValue(value, maxUInt32));
    const counts = [stage.done, stage.failed, stage.retried, stage.expired, memoryBytes].map((value) =>
      countValue(value),
    );
    return `workers ${compactLine([at, ...names, ...version, ...now, ...counts, isLeaving])}`;
  });
  return [...lags, ...stages];
}
