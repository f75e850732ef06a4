import type { Envelope } from '../../schemas/envelope.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { DurableSender } from './durable-sender.ts';
import type { HandedOn, OutputEncoder } from './output-encoder.ts';
import type { Execution } from './task-run.ts';

/** Outputs of one task held in memory before they are sent and acknowledged. */
const chunkRecords = 500;
const chunkBytes = 256 * 1024;

export type OutputStream = AsyncIterable<unknown> | readonly unknown[];

/** Whether outputs are too many to write as one: an async iterable, or a list longer than a chunk. A Proxy may refuse to tell. */
export function isStream(outputs: unknown): outputs is OutputStream {
  if (typeof outputs !== 'object' || outputs === null) return false;
  try {
    return Array.isArray(outputs) ? outputs.length > chunkRecords : Symbol.asyncIterator in outputs;
  } catch {
    return false;
  }
}

/**
 * Sends the children of a task while its handler still makes them; the next one is asked for only when the chunk
 * before is acknowledged. Resolves with what is left of the last chunk and the bytes of all, or with null once the
 * execution no longer counts. Rejects with what the iterable threw.
 */
export async function streamOutputs(
  execution: Execution,
  envelope: Envelope,
  outputs: OutputStream,
  encoder: OutputEncoder,
  sender: DurableSender,
): Promise<HandedOn | null> {
  const { run } = execution;
  const alive = () => run.execution === execution && run.share.live;
  let chunk: OutboundRecord[] = [];
  let chunked = 0;
  let bytes = 0;
  let index = 0;
  for await (const output of outputs) {
    if (!alive()) return null;
    const record = encoder.child(run, envelope, output, index++);
    chunk.push(record);
    chunked += record.value?.length ?? 0;
    if (chunk.length < chunkRecords && chunked < chunkBytes) continue;
    if (!(await sender.send(chunk, { alive, tooLarge: 'throw' }))) return null;
    bytes += chunked;
    chunk = [];
    chunked = 0;
  }
  return { records: chunk, bytes: bytes + chunked, nextStage: '', children: index };
}
