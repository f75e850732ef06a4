import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { definePipeline, type Pipeline } from '../../processors/pipeline.ts';
import { defineStage, reject, result, to } from '../../processors/stage.ts';
import { avroSchema } from '../../schemas/avro-schema.ts';

export const jobSchema = avroSchema({
  type: 'record',
  name: 'Job',
  namespace: 'test.watching',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'mode', type: 'string' },
  ],
});

export interface Job {
  readonly n: number;
  readonly mode: string;
}

/** Does as it is told by `mode`; one that hangs says in the ledger when it begins and when it is told to stop. */
export function watchedPipeline(name: string, ledger: string): Pipeline {
  const note = (line: string) => appendFileSync(ledger, `${line}\n`);
  const work = defineStage<Job>({
    name: 'work',
    input: jobSchema,
    ordering: 'none',
    concurrency: 4,
    async process({ id, payload: { n, mode } }, ctx) {
      if (mode === 'reject') throw reject('as it was told');
      if (mode === 'fan') return Array.from({ length: n }, (_, each) => to('work', { n: each, mode: 'double' }));
      if (mode === 'blob') {
        const bytes = Readable.from([Buffer.alloc(n, 'x'), Buffer.from('the end')]);
        return result(
          { bytes: n + 7 },
          { blob: await ctx.blobs.put(`${name}/${id}`, bytes, { contentType: 'text/plain' }) },
        );
      }
      if (mode !== 'hang') return result({ doubled: n * 2 });
      note(`begins ${id}`);
      ctx.progress({ fraction: 0.5, note: 'hanging' });
      return new Promise((_resolve, refuse) => {
        ctx.signal.addEventListener('abort', () => {
          note(`stops ${id} ${Date.now()}`);
          refuse(ctx.signal.reason);
        });
      });
    },
  });
  return definePipeline({ name, stages: [work] });
}
