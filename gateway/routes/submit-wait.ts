import { Type } from 'typebox';
import { endStates } from '../../schemas/task-ending.ts';

const time = Type.String({ format: 'date-time' });
const counts = Object.fromEntries(['total', ...endStates].map((name) => [name, Type.Integer()]));

export const blobSchema = Type.Object({
  key: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String(),
  contentType: Type.String(),
});

/** Answer of a submission that waited: how the task ended, and what it came to. */
export const endingSchema = Type.Object(
  {
    id: Type.String(),
    pipeline: Type.String(),
    stage: Type.String({ description: 'Stage that it ended at' }),
    state: Type.Union(endStates.map((state) => Type.Literal(state))),
    submittedAt: time,
    finishedAt: time,
    attempts: Type.Integer({ description: 'Attempts at that stage' }),
    tenant: Type.Optional(Type.String()),
    result: Type.Optional(Type.Unknown({ description: 'What its last stage gave as the result' })),
    blob: Type.Optional(blobSchema),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    children: Type.Optional(Type.Integer({ description: 'Tasks that it fanned out into' })),
    descendants: Type.Optional(Type.Object(counts, { description: 'How all of those ended, and those of theirs' })),
  },
  { description: 'The task has ended' },
);

export const waitQuery = Type.Optional(
  Type.String({
    description:
      'Wait so long for the end of the task and of all that it fans out into: 500ms, 10s, 2m; at most 5m. One task only',
    maxLength: 10,
  }),
);
