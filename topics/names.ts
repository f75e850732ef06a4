export const attemptsTopic = 'penstock.attempts';
export const controlTopic = 'penstock.control';
export const sinkGroup = 'penstock.sink';

export const stageTopic = (pipeline: string, stage: string): string => `${pipeline}.${stage}`;
export const stageGroup = stageTopic;
export const deadLetterTopic = (pipeline: string, stage: string): string => `${pipeline}.${stage}.dlq`;
