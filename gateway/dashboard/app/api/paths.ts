import { linkTo, type QueryChange } from '../lib/location.ts';

/** Of a pipeline's own routes: `tasks`, `stats`, … */
export const pipelinePath = (name: string, what: string, query: QueryChange = {}): string =>
  linkTo(`/v1/pipelines/${encodeURIComponent(name)}/${what}`, query);

export const taskPath = (id: string, what = ''): string => `/v1/tasks/${encodeURIComponent(id)}${what}`;
