import type { TopicPartition } from '../../topics/ports.ts';

/** How far back a reader of dead letters has come: by topic and partition, the offset before which it goes on. */
export type Positions = ReadonlyMap<string, number>;

export const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export function writePositions(positions: Positions): string {
  return Buffer.from([...positions].map(([place, offset]) => `${place}=${offset}`).join(' ')).toString('base64url');
}

/** What is no position counts as none. */
export function readPositions(cursor: string | undefined): Positions | undefined {
  if (cursor === undefined) return undefined;
  const entries = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const read = entries.map((entry) => /^([\w.-]{1,249}\/\d{1,9})=(\d{1,15})$/.exec(entry));
  return new Map(read.flatMap((found) => (found ? [[found[1] ?? '', Number(found[2])] as const] : [])));
}
