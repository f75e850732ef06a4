import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readServerEvents, type ServerEvent } from '../../client/server-events.ts';

const text =
  'retry: 1000\n\n: still here\n\nid: 1\nevent: attempt\ndata: {"n":"ä"}\n\ndata: 3\n\nevent: end\ndata: 1\ndata: 2\n\n';
const bytes = new TextEncoder().encode(text);

function streamOf(ends: readonly number[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const [index, end] of ends.entries()) controller.enqueue(bytes.slice(ends[index - 1] ?? 0, end));
      controller.close();
    },
  });
}

describe('server-sent events', () => {
  it('are read however the pieces are cut; comments and what has no name are passed over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
        const events: ServerEvent[] = [];
        const ends = [...cuts.sort((a, b) => a - b), bytes.length];
        for await (const event of readServerEvents(streamOf(ends))) events.push(event);
        expect(events).toEqual([
          { name: 'attempt', data: '{"n":"ä"}' },
          { name: 'end', data: '1\n2' },
        ]);
      }),
    );
  });

  it('of a reader that leaves early are not read on', async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes),
      cancel() {
        isCancelled = true;
      },
    });
    for await (const { name } of readServerEvents(body)) if (name === 'attempt') break;
    expect(isCancelled).toBe(true);
  });
});
