import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { tokenLines } from '../../schemas/config/parse.ts';
import { messageOf } from '../../schemas/errors.ts';
import type { TokenBook } from './token-book.ts';

/** A revoked token should fail at once; asking the file system for one file's state costs next to nothing. */
const lookEveryMs = 200;

/**
 * Reads the file again whenever it changes, until the returned function is called. A file that cannot be read (it is just
 * being replaced, or gone) leaves the tokens as they were and is told in the log; an empty one closes the gateway.
 */
export function watchTokens(file: string, book: TokenBook, logger: Pick<Logger, 'info' | 'error'>): () => void {
  const reload = async (): Promise<void> => {
    try {
      const problems = book.replace(tokenLines(await readFile(file, 'utf8')));
      if (problems.length > 0) logger.error({ problems }, 'tokens file: these entries open nothing');
      logger.info({ tokens: book.size }, 'tokens file was read again');
    } catch (error) {
      logger.error({ reason: messageOf(error) }, 'tokens file cannot be read: its last tokens count on');
    }
  };
  const onChange = (): void => void reload();
  watchFile(file, { interval: lookEveryMs, persistent: false }, onChange);
  return () => unwatchFile(file, onChange);
}
