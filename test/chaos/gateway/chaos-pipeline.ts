import { downloadTaskSchema } from '../../../schemas/generated/download-task.ts';

/** What the gateways take tasks for; nobody runs them. */
export const chaosPipeline = (name: string) => ({
  name,
  stages: [{ name: 'take', input: downloadTaskSchema, partitions: 3 }],
});
