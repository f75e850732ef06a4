/** Where the pages of the dashboard are: the gateway answers each with the one HTML file, the browser's router reads them. */
export const pagePaths = {
  overview: '/',
  throughput: '/throughput',
  latency: '/latency',
  errors: '/errors',
  tasks: '/tasks',
  task: '/tasks/:id',
  submit: '/submit',
  deadLetters: '/dead-letters',
  topics: '/topics',
  workers: '/workers',
  pipelines: '/pipelines',
} as const;

export type PageName = keyof typeof pagePaths;
