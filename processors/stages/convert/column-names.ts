const maxLength = 255;
// Readers make objects of rows: this key would set their prototype.
const reserved = '__proto__';

const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code <= 0x9f);
/** Half a pair of UTF-16 units, which no UTF-8 file can hold. */
const isLone = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

function cleanChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (isControl(code)) return ' ';
  return isLone(code) ? '\ufffd' : char;
}

function cleanName(raw: string, index: number): string {
  const name = Array.from(raw.slice(0, 4 * maxLength), cleanChar)
    .slice(0, maxLength)
    .join('')
    .trim();
  return name === '' || name === reserved ? `column_${index + 1}` : name;
}

/** Names for columns in their order: no control characters, none empty, none twice (`price`, `price_2`). */
export function columnNames(raw: readonly string[]): string[] {
  const used = new Set<string>();
  const nextNumber = new Map<string, number>();
  return raw.map((text, index) => {
    const name = cleanName(text, index);
    let unique = name;
    // The counter is kept by name: ten thousand equal headers would else be tried one by one.
    for (let number = nextNumber.get(name) ?? 2; used.has(unique); number += 1) {
      unique = `${name}_${number}`;
      nextNumber.set(name, number + 1);
    }
    used.add(unique);
    return unique;
  });
}
