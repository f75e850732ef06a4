/** What has become of a task, or of one attempt: word and colour are the same on every page. */
const tones: Readonly<Record<string, string>> = {
  ...{ succeeded: 'good', ok: 'good', running: 'accent', accepted: 'accent', queued: 'quiet' },
  ...{ waiting: 'warn', retry: 'warn', expired: 'warn', dead: 'bad', cancelled: 'quiet', skipped: 'quiet' },
};

export function StateBadge({ state }: { state: string }) {
  return <span class={`badge badge-${tones[state] ?? 'quiet'}`}>{state}</span>;
}
