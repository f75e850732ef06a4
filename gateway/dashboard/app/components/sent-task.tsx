import { may } from '../api/session.ts';
import type { Submission } from '../api/use-submission.ts';
import { Copyable } from './copy-button.tsx';
import { TaskLink } from './task-link.tsx';

/** What the gateway said of what was sent. */
export function SentTask({ submission: { receipt, error } }: { submission: Pick<Submission, 'receipt' | 'error'> }) {
  if (error) {
    return (
      <div class="notice notice-bad" role="alert">
        <b class="mono">{error.code}</b> {error.message}
        <ul>
          {error.places.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <bdi class="mono">{pointer || '/'}</bdi> <bdi>{detail}</bdi>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  if (!receipt) return null;
  const { id, topic, partition, offset } = receipt;
  return (
    <div class="notice notice-good" role="status">
      <p>
        <b>202</b> Kafka has it: <span class="mono">{`${topic}/${partition}/${offset}`}</span>
      </p>
      {may('read') ? <TaskLink id={id} /> : <Copyable text={id} label="Copy the id" />}
    </div>
  );
}
