import { avroSchema, definePipeline, defineStage, reject, startWorker, to } from 'penstock';
import { PenstockClient } from 'penstock/client';
import { buildGateway } from 'penstock/gateway';

const addTask = avroSchema({
  type: 'record',
  name: 'AddTask',
  fields: [
    { name: 'a', type: 'double' },
    { name: 'b', type: 'double' },
  ],
});

const show = defineStage({
  name: 'show',
  input: addTask,
  process: (task) => {
    if (task.payload.a > task.payload.b) throw reject('a is larger than b');
    return undefined;
  },
});

const add = defineStage({
  name: 'add',
  input: addTask,
  process: (task) => to(show, { a: task.payload.a, b: task.payload.a + task.payload.b }),
});

const client = new PenstockClient<{ sums: { a: number; b: number } }>({ url: 'http://127.0.0.1:1' });
export const submitSum = () => client.submit('sums', { a: 1, b: 2 });

const { name, stages } = definePipeline({ name: 'sums', stages: [add, show] });
process.stdout.write(
  `${name}: ${stages.map((stage) => stage.name).join(', ')}; ${typeof buildGateway} ${typeof startWorker}\n`,
);
