import { readFile, stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { tokenLines } from '../../schemas/config/parse.ts';
import { messageOf } from '../../schemas/errors.ts';
import type { TokenBook } from './token-book.ts';

/** A revoked token should fail at once; asking the file system for one file's state costs next to nothing. */
const lookEveryMs = 200;

/**
 * Reads the file now and whenever it changes, until the returned function is called. A file that cannot be read (it is
 * just being replaced, or gone) leaves the tokens as they were and is told in the log; an empty one closes the gateway.
 */
export function watchTokens(file: string, book: TokenBook, logger: Pick<Logger, 'info' | 'error'>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let known = '';
  const look = async (): Promise<void> => {
    const state = await stateOf(file);
    if (state !== known) await reload(file, book, logger);
    known = state;
    if (!isStopped) timer = setTimeout(look, lookEveryMs).unref();
  };
  void look();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

/** Taken before the file is read: a change in between shows at the next look. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    return messageOf(error);
  }
}

async function reload(file: string, book: TokenBook, logger: Pick<Logger, 'info' | 'error'>): Promise<void> {
  try {
    const problems = book.replace(tokenLines(await readFile(file, 'utf8')));
    if (problems.length > 0) logger.error({ problems }, 'tokens file: these entries open nothing');
    logger.info({ tokens: book.size }, 'tokens file was read');
  } catch (error) {
    logger.error({ reason: messageOf(error) }, 'tokens file cannot be read: its last tokens count on');
  }
}
