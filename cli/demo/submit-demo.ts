import { PenstockError } from '../../schemas/errors.ts';
import type { DemoTask } from './demo-tasks.ts';

const tasksPerRequest = 250;

/** Submits over HTTP as any other system would: NDJSON, a few hundred tasks a request. Resolves with the ids. */
export async function submitDemo(gatewayUrl: string, tenant: string, tasks: readonly DemoTask[], token?: string) {
  const ids: string[] = [];
  for (let start = 0; start < tasks.length; start += tasksPerRequest) {
    ids.push(...(await postTasks(gatewayUrl, tenant, tasks.slice(start, start + tasksPerRequest), token)));
  }
  return ids;
}

async function postTasks(
  gatewayUrl: string,
  tenant: string,
  tasks: readonly DemoTask[],
  token: string | undefined,
): Promise<readonly string[]> {
  const response = await fetch(`${gatewayUrl}/v1/pipelines/assets/tasks?tenant=${tenant}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...(token && { authorization: `Bearer ${token}` }) },
    body: tasks.map((task) => `${JSON.stringify(task)}\n`).join(''),
  });
  const answer: unknown = await response.json();
  if (response.status === 202 && isAccepted(answer) && answer.ids.length === tasks.length) return answer.ids;
  const told = JSON.stringify(answer).slice(0, 400);
  throw new PenstockError('PIPE_CLI_DEMO_INCOMPLETE', `the gateway answered ${response.status}: ${told}`);
}

function isAccepted(answer: unknown): answer is { ids: readonly string[] } {
  return typeof answer === 'object' && answer !== null && 'ids' in answer && Array.isArray(answer.ids);
}
