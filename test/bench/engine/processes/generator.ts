import { setTimeout as sleep } from 'node:timers/promises';
import { createCodec } from '../../../../schemas/codec.ts';
import { connectKafka } from '../../../../topics/client.ts';
import { serve } from '../../serve.ts';
import { nowUs, type Place, subjectOf, taskRecord, taskSchema } from '../workload.ts';

/** Sends at a steady rate, whatever becomes of it: a task that is late counts from when it was to be sent. */

interface Generate {
  readonly place: Place;
  readonly topic: string;
  readonly perSecond: number;
  readonly count: number;
}

serve({
  async generate({ place, topic, perSecond, count }: Generate) {
    const codec = createCodec({ registryUrl: place.registryUrl });
    await codec.register(subjectOf(topic), taskSchema);
    const producer = await connectKafka({ brokers: place.brokers, clientId: 'bench-generator' }).producer({
      lingerMs: 0,
    });
    const firstUs = nowUs() + 100_000;
    const sends: Promise<unknown>[] = [];
    for (let next = 0; next < count; ) {
      await sleep(1);
      for (let dueUs = dueAt(next); next < count && dueUs <= nowUs(); dueUs = dueAt(next)) {
        sends.push(producer.send([taskRecord(codec, topic, next, `k${next}`, dueUs)]));
        next += 1;
      }
    }
    await Promise.all(sends);
    await producer.close();

    function dueAt(index: number): number {
      return Math.round(firstUs + (index * 1_000_000) / perSecond);
    }
  },
});
