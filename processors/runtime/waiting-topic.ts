import type { Verdict } from './retry-decision.ts';
import type { RetryTopic, StagePlan } from './stage-plan.ts';

type Leaving = Extract<Verdict, { readonly kind: 'move' | 'delay' | 'requeue' }>;

/** The topic that a task goes to when it leaves this process to come again; it names the stage's own one for a requeue that no delay fits. */
export function waitingTopic(plan: Pick<StagePlan, 'topic' | 'retryTopics'>, verdict: Leaving): string {
  const { topic, retryTopics } = plan;
  if (verdict.kind === 'delay') return retryTopics[verdict.index]?.topic ?? topic;
  const fitting = longestWithin(retryTopics, verdict.delayMs);
  if (fitting !== undefined || verdict.kind === 'requeue') return fitting?.topic ?? topic;
  return shortest(retryTopics)?.topic ?? topic;
}

/** A longer one would keep the task past its time: in a topic all wait behind the head. */
function longestWithin(topics: readonly RetryTopic[], waitMs: number): RetryTopic | undefined {
  const within = topics.filter(({ delayMs }) => delayMs <= waitMs);
  return within.toSorted((one, other) => other.delayMs - one.delayMs)[0];
}

function shortest(topics: readonly RetryTopic[]): RetryTopic | undefined {
  return topics.toSorted((one, other) => one.delayMs - other.delayMs)[0];
}
