/** What `import … from 'penstock/client'` gives: a gateway's API by fetch alone, for Node, Deno, Bun and browsers. */
export { PenstockClient, type RunOptions, type WaitOptions } from './client.ts';
export type { ConnectionOptions } from './gateway-connection.ts';
export { PenstockRequestError } from './request-error.ts';
export type {
  BatchReceipt,
  Ending,
  EndState,
  Problem,
  Receipt,
  Rejection,
  SubmitOptions,
  TaskDetail,
  TaskEnd,
  TaskEvent,
  TaskFilter,
  TaskState,
  TaskSummary,
} from './types.ts';
