import { Type } from 'typebox';

/** Of each event of a stream, as its fields are named there. */
export const eventSchema = Type.Object(
  {
    event: Type.Optional(Type.String()),
    data: Type.Optional(Type.String({ description: 'JSON' })),
    id: Type.Optional(Type.String()),
    retry: Type.Optional(Type.Integer({ description: 'Milliseconds' })),
  },
  { description: 'One of the events' },
);
