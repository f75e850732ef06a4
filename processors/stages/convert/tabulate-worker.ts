import type { ErrorCode } from '../../../schemas/error-catalogue.ts';
import { PenstockError } from '../../../schemas/errors.ts';
import { storeFailure } from '../../blobs/store-failure.ts';
import { NotTabular } from './not-tabular.ts';
import { type TableJob, tabulate } from './tabulate.ts';

/** What the stage decides on travels as data. */
export type TableResult =
  | { readonly kind: 'table'; readonly rows: number }
  | { readonly kind: 'no-table'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** What a child process does for the stage. */
export default async function run(job: TableJob): Promise<TableResult> {
  try {
    return { kind: 'table', rows: await tabulate(job) };
  } catch (thrown) {
    const error = storeFailure(thrown, 'writing the table');
    if (error instanceof NotTabular) return { kind: 'no-table', reason: error.message };
    if (error instanceof PenstockError) return { kind: 'failed', code: error.code, message: error.message };
    throw error;
  }
}
