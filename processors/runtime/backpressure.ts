/** What is taken from Kafka and not yet durable elsewhere. */
export interface Load {
  readonly tasks: number;
  readonly bytes: number;
}

/**
 * One second of work, within bounds. The client takes up to 300 ms to resume a paused partition, so a queue shorter
 * than that would let fast stages run dry; slow stages must not hold a million tasks.
 */
export interface LoadLimits {
  readonly maxTasks: number;
  readonly maxBytes: number;
}

const leastTasks = 2_000;
/** About 0.5 KB each beside their bytes: 30 MB a stage. */
const mostTasks = 60_000;
/** Per stage; keys, values and headers. */
export const defaultMaxBytes = 32 * 1024 * 1024;

/** maxTasks = what ends in a second, at least 4 × concurrency and 2 000, at most 60 000. */
export function taskLimit(concurrency: number, endedPerSecond: number): number {
  return Math.max(4 * concurrency, leastTasks, Math.min(mostTasks, Math.ceil(endedPerSecond)));
}

/**
 * Pause a partition when the stage is full and the partition has its share or more. So one blocked partition fills
 * up to the limit and stops there, while each other may still use its own share: at most twice the limit is held,
 * beside the one fetch that was under way.
 */
export function mustPause(all: Load, own: Load, partitions: number, limits: LoadLimits): boolean {
  return (
    (all.tasks >= limits.maxTasks && own.tasks * partitions >= limits.maxTasks) ||
    (all.bytes >= limits.maxBytes && own.bytes * partitions >= limits.maxBytes)
  );
}

/** Half way down, so that pause and resume do not chase each other. */
export function mayResume(all: Load, own: Load, partitions: number, limits: LoadLimits): boolean {
  const half = { maxTasks: limits.maxTasks / 2, maxBytes: limits.maxBytes / 2 };
  return !mustPause(all, own, partitions, half);
}
