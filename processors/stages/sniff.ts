import { fileTypeFromBuffer } from 'file-type';

/** Enough for every signature that file-type knows near the start. */
export const sniffBytes = 4100;

/** A TIFF may keep its directory at the end, out of sight of file-type, which then knows nothing of it. */
const tiffSignatures = [Buffer.from('II*\0', 'latin1'), Buffer.from('MM\0*', 'latin1')];
const isTiff = (head: Uint8Array): boolean => tiffSignatures.some((signature) => signature.equals(head.subarray(0, 4)));

/** Media type by the bytes; undefined where they tell nothing, as text does not. */
export async function sniffType(head: Uint8Array): Promise<string | undefined> {
  const found = (await fileTypeFromBuffer(head))?.mime;
  return found ?? (isTiff(head) ? 'image/tiff' : undefined);
}

const mediaType = /^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64}$/;

/** `Text/CSV; charset=utf-8` → `text/csv`; anything unreadable counts as bytes. */
export function cleanMediaType(header: string | undefined): string {
  const type = header?.split(';')[0]?.trim().toLowerCase() ?? '';
  return mediaType.test(type) ? type : 'application/octet-stream';
}

export interface Peeked {
  readonly head: Buffer;
  /** All the bytes, the head included. */
  readonly bytes: AsyncGenerator<Buffer>;
}

/** Reads the first bytes of a stream without losing them. */
export async function peek(source: AsyncGenerator<Buffer>, headBytes = sniffBytes): Promise<Peeked> {
  const taken: Buffer[] = [];
  let size = 0;
  while (size < headBytes) {
    const next = await source.next();
    if (next.done === true) break;
    taken.push(next.value);
    size += next.value.length;
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      yield* taken;
      yield* source;
    } finally {
      await source.return(undefined);
    }
  }
  return { head: Buffer.concat(taken).subarray(0, headBytes), bytes: whole() };
}
