import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';
import type { RegistryEvent } from './events.ts';

export interface EventLog {
  /** What was read at the start. */
  readonly events: readonly RegistryEvent[];
  /** Resolves when the event is on disk. Calls must not overlap. */
  append(event: RegistryEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * One JSON object a line. A crash can only leave the last line unfinished, and nobody was told of it: it is cut off.
 * Rejects with PIPE_STACK_REGISTRY_DAMAGED where an earlier line is unreadable.
 */
export async function openEventLog(dataDir: string): Promise<EventLog> {
  await mkdir(dataDir, { recursive: true });
  const file = await open(join(dataDir, 'schemas.ndjson'), 'a+');
  try {
    const text = await file.readFile('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const events = whole.split('\n').slice(0, -1).map(parseLine);
    const length = Buffer.byteLength(whole);
    await file.truncate(length);
    await syncFolder(dataDir);
    return logOf(file, events, length);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseLine(line: string, index: number): RegistryEvent {
  try {
    const event: RegistryEvent = JSON.parse(line);
    return event;
  } catch (cause) {
    const context = { line: index + 1, reason: messageOf(cause) };
    throw new PenstockError('PIPE_STACK_REGISTRY_DAMAGED', `line ${index + 1} of schemas.ndjson is unreadable`, {
      context,
      cause,
    });
  }
}

/** The name of a new file is only safe once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function logOf(file: FileHandle, events: readonly RegistryEvent[], startLength: number): EventLog {
  let length = startLength;
  return {
    events,
    async append(event) {
      const line = Buffer.from(`${JSON.stringify(event)}\n`);
      try {
        await file.appendFile(line);
        await file.datasync();
        length += line.length;
      } catch (error) {
        // A half-written line would swallow the next one.
        await file.truncate(length);
        throw error;
      }
    },
    close: () => file.close(),
  };
}
