import { avroSchema, defineStage } from 'penstock';

/** Must not compile: the payload has no field `c`. */
export const add = defineStage({
  name: 'add',
  input: avroSchema({ type: 'record', name: 'AddTask', fields: [{ name: 'a', type: 'double' }] }),
  process: (task) => {
    task.payload.c.toFixed();
    return undefined;
  },
});
