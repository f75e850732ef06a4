import { type FileHandle, writeFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';

/** Chunks are joined up to this: a small file is written by one call of the system. */
const joinedBytes = 256 * 1024;

/**
 * Appends all bytes to a file. `see` is shown each chunk before it is written; what it throws ends the writing, as an abort
 * does, and the source is destroyed then.
 */
export async function writeBytes(
  handle: FileHandle,
  bytes: Readable,
  options: { readonly signal?: AbortSignal | undefined; readonly see?: (chunk: Buffer) => void } = {},
): Promise<void> {
  if (options.signal !== undefined) addAbortSignal(options.signal, bytes);
  let held: Buffer[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<void> => {
    await writeFile(handle, held.length === 1 ? (held[0] ?? '') : Buffer.concat(held));
    held = [];
    heldBytes = 0;
  };
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    options.see?.(chunk);
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= joinedBytes) await flush();
  }
  if (heldBytes > 0) await flush();
}
