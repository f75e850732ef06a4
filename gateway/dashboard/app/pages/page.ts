import type { FunctionComponent } from 'preact';
import type { Role } from '../api/session.ts';

/** What a page is given: the parts of its path, `/tasks/:id` → { id }. All else it reads from the URL's query. */
export type PathParams = Readonly<Record<string, string>>;

export interface Page {
  /** Of page-paths.ts; `:name` stands for one part. */
  readonly path: string;
  readonly title: string;
  /** Where it stands in the side bar; none: it is reached from another page. */
  readonly group?: 'Now' | 'Tasks' | 'System';
  readonly role: Role;
  /** Tenants share it with others: a token that is bound to one does not see it. */
  readonly isForAll?: boolean;
  readonly view: FunctionComponent<{ params: PathParams }>;
}
