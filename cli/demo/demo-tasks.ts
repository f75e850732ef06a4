import { parse } from 'node:path';
import type { DemoFile, DemoFiles } from './demo-files.ts';

/** What a task meets: a file that is there, or one of four kinds of trouble. */
export const troubles = ['missing', 'wrong-checksum', 'cut-short', 'not-an-image'] as const;
export type Trouble = (typeof troubles)[number];

/** The payload of a download task. */
export interface DemoTask {
  readonly url: string;
  readonly sha256: string | null;
  readonly name: string;
}

export interface DemoPlan {
  readonly tasks: readonly DemoTask[];
  readonly expectedOk: number;
  readonly expectedDead: number;
}

const wrongSha256 = '0'.repeat(64);
const largeEvery = 50;

/** So many tasks, one in a hundred for each kind of trouble (at least one), spread evenly; every URL is different. */
export function planDemo(files: DemoFiles, baseUrl: string, count: number): DemoPlan {
  const perTrouble = Math.max(1, Math.round(count / 100));
  const bad = new Map<number, Trouble>();
  const step = count / (perTrouble * troubles.length);
  for (let index = 0; index < perTrouble * troubles.length; index += 1) {
    bad.set(Math.floor((index + 0.5) * step), troubles[index % troubles.length] ?? 'missing');
  }
  const tasks = Array.from({ length: count }, (_, copy) => {
    const trouble = bad.get(copy);
    const file = pick(files, copy);
    return trouble ? badTask(trouble, file, baseUrl, copy) : goodTask(file, baseUrl, copy);
  });
  return { tasks, expectedOk: count - bad.size, expectedDead: bad.size };
}

function pick({ usual, large }: DemoFiles, copy: number): DemoFile {
  const list = copy % largeEvery === largeEvery - 1 && large.length > 0 ? large : usual;
  const file = list[Math.floor(copy / (list === large ? largeEvery : 1)) % list.length];
  if (!file) throw new RangeError('the demo has no files');
  return file;
}

/** Every second one is checked against its checksum on arrival. */
function goodTask(file: DemoFile, baseUrl: string, copy: number): DemoTask {
  return {
    url: `${baseUrl}/files/${file.name}?copy=${copy}`,
    sha256: copy % 2 === 0 ? file.sha256 : null,
    name: nameOf(file.name, copy),
  };
}

function badTask(trouble: Trouble, file: DemoFile, baseUrl: string, copy: number): DemoTask {
  switch (trouble) {
    case 'missing':
      return { url: `${baseUrl}/missing/${file.name}?copy=${copy}`, sha256: null, name: nameOf(file.name, copy) };
    case 'wrong-checksum':
      return { ...goodTask(file, baseUrl, copy), sha256: wrongSha256 };
    case 'cut-short':
      return { url: `${baseUrl}/cut-short/${file.name}?copy=${copy}`, sha256: null, name: nameOf(file.name, copy) };
    case 'not-an-image':
      return { url: `${baseUrl}/not-an-image.png?copy=${copy}`, sha256: null, name: nameOf('not-an-image.png', copy) };
  }
}

/** `airports-0007.csv` */
function nameOf(file: string, copy: number): string {
  const { name, ext } = parse(file);
  return `${name}-${String(copy).padStart(4, '0')}${ext}`;
}
