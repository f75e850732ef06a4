export const attemptsTopic = 'penstock.attempts';
export const samplesTopic = 'penstock.samples';
export const controlTopic = 'penstock.control';
export const sinkGroup = 'penstock.sink';
export const samplesSinkGroup = 'penstock.sink.samples';

export const stageTopic = (pipeline: string, stage: string): string => `${pipeline}.${stage}`;
export const stageGroup = stageTopic;
export const deadLetterTopic = (pipeline: string, stage: string): string => `${pipeline}.${stage}.dlq`;
/** One topic for each delay ('10s', '1m'), so that the head of each partition is always the earliest due. */
export const retryTopic = (pipeline: string, stage: string, delay: string): string =>
  `${pipeline}.${stage}.retry.${delay}`;
/** Every stage has it: where a task waits that must not hold its partition's commit back. */
export const standingDelay = '1m';
/** The delays that a stage has topics for: its own in their order, and the standing one. */
export const retryDelays = (own: readonly string[]): readonly string[] =>
  own.includes(standingDelay) ? own : [...own, standingDelay];
export const doneTopic = (pipeline: string): string => `${pipeline}.done`;
