/** What can be told of JSON from its bytes alone, before it is parsed. */

export const quote = 0x22;
export const comma = 0x2c;
export const bracketOpens = 0x5b;
export const bracketCloses = 0x5d;
export const braceOpens = 0x7b;
const braceCloses = 0x7d;
const backslash = 0x5c;

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (!isSpace(byte)) return false;
  return true;
}

/** By how much a byte outside of texts changes the depth. */
export function levelsOf(byte: number): -1 | 0 | 1 {
  if (byte === bracketOpens || byte === braceOpens) return 1;
  return byte === bracketCloses || byte === braceCloses ? -1 : 0;
}

/** Place of the quote that ends the text which begins there, or the end where none does. */
export function endOfText(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start + 1); end !== -1; end = json.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
}
