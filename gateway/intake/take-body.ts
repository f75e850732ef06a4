import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Receipt } from '../../client/types.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { Batch, type BatchItem } from './batch.ts';
import { piecesOf, shapeOf, toEvent, toLine } from './body.ts';
import { type CloudEvent, readStructuredEvent } from './cloud-events.ts';
import { maxTaskBytes } from './intake.ts';
import { parseItems } from './json-array.ts';
import { linesOf } from './ndjson.ts';
import { parseJson } from './read-payload.ts';
import type { Submission, Submitter } from './submission.ts';

/** A body as its content type says what it is. */
export type TaskBody =
  | { readonly kind: 'json'; readonly bytes: Buffer }
  | { readonly kind: 'lines'; readonly stream: Readable }
  | { readonly kind: 'structured-event'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly event: CloudEvent }
  | { readonly kind: 'events'; readonly bytes: Buffer };

/** What became of it: one task, or a batch, which `error` ended before its time. */
export type Taken = Receipt | TakenBatch;

export interface TakenBatch {
  readonly batch: Batch;
  readonly error: unknown;
}

/** Positions of a batch are 32 bits of its ids. */
const limits = { maxTasks: 2 ** 32 - 1, maxRejected: 10_000, maxTaskBytes };
const lineLimits = {
  maxLineBytes: maxTaskBytes,
  maxLines: 250,
  maxChunkBytes: 512 * 1024,
  maxBodyBytes: 8 * 1024 * 1024 * 1024,
};

/** Sends what the body holds. Rejects as Submitter does for one task; of a batch the error stands beside what was accepted. */
export function takeBody(
  submitter: Submitter,
  submission: Submission,
  body: TaskBody,
  stopping: AbortSignal,
): Promise<Taken> {
  const batchOf = (groups: Groups) => runBatch(new Batch(submitter, submission, limits), groups, stopping);
  const arrayOf = (array: Buffer, read: (item: unknown) => BatchItem) =>
    piecesOf(array).then((pieces) => batchOf(groupsOf(pieces, read)));
  switch (body.kind) {
    case 'lines':
      // Left standing where the batch ends early: the answer still has to go out on its connection.
      return batchOf(linesOf(body.stream.iterator({ destroyOnReturn: false }), lineLimits));
    case 'event':
      return submitter.submitEvent(submission, body.event);
    case 'structured-event':
      return submitter.submitEvent(submission, readStructuredEvent(parseJson(body.bytes)));
    case 'events':
      return arrayOf(body.bytes, toEvent);
    case 'json':
      if (shapeOf(body.bytes) === 'object') return submitter.submitOne(submission, body.bytes);
      return arrayOf(body.bytes, toLine);
  }
}

function* groupsOf(pieces: readonly Buffer[], read: (item: unknown) => BatchItem): Generator<readonly BatchItem[]> {
  for (const piece of pieces) {
    const items = parseItems(piece);
    for (let start = 0; start < items.length; start += lineLimits.maxLines) {
      yield items.slice(start, start + lineLimits.maxLines).map(read);
    }
  }
}

type Groups = AsyncIterable<readonly BatchItem[]> | Iterable<readonly BatchItem[]>;

/** Groups that wait for Kafka at once: one alone would be idle for the linger and the way to the broker and back. */
const maxGroupsInFlight = 8;

async function runBatch(batch: Batch, groups: Groups, stopping: AbortSignal): Promise<TakenBatch> {
  const inFlight = new Set<Promise<void>>();
  let error: unknown;
  const note = (thrown: unknown): void => {
    error ??= thrown;
  };
  try {
    for await (const group of groups) {
      if (error !== undefined) break;
      if (stopping.aborted)
        throw new PenstockError('PIPE_GATEWAY_OVERLOADED', 'the gateway stops; the rest was not taken');
      const added: Promise<void> = batch
        .add(group)
        .catch(note)
        .finally(() => inFlight.delete(added));
      inFlight.add(added);
      if (inFlight.size >= maxGroupsInFlight) await Promise.race(inFlight);
      // Else a large batch holds all other requests up.
      await nextTurn();
    }
  } catch (thrown) {
    note(thrown);
  }
  await Promise.all(inFlight);
  if (error !== undefined) return { batch, error };
  // Nobody means to submit nothing: an export that went wrong looks like this.
  if (batch.size === 0) throw new PenstockError('PIPE_GATEWAY_BODY_INVALID', 'the batch holds no task');
  return { batch, error: batch.acceptedCount === 0 ? batch.rejected[0]?.error : undefined };
}
