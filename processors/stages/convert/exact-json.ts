import { randomUUID } from 'node:crypto';

/** An integer too wide for a double, as its digits. */
export interface WideInteger {
  readonly digits: string;
}

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const wide = /^-?\d{16,}$/;

export interface ExactJson {
  /** JSON.parse, but integers of 16 digits and more keep all of them. Throws SyntaxError. */
  parse(text: string): unknown;
  /** The wide integer that a parsed value stands for. */
  wideOf(value: object): WideInteger | undefined;
  /** JSON.stringify that writes wide integers as they were. */
  stringify(value: unknown): string;
}

/** JSON.parse rounds 9007199254740993 silently; identifiers of that size are common. The mark cannot be forged by input. */
export function createExactJson(): ExactJson {
  const mark = randomUUID();
  const stood = new RegExp(`\\{"${mark}":"(-?\\d+)"\\}`, 'g');
  return {
    parse(text) {
      // Checked before digits are replaced: a replacement could make valid what was not.
      const value: unknown = JSON.parse(text);
      if (!/\d{16}/.test(text)) return value;
      return JSON.parse(text.replace(token, (part) => (wide.test(part) ? `{"${mark}":"${part}"}` : part)));
    },
    wideOf(value) {
      const digits: unknown = Reflect.get(value, mark);
      return typeof digits === 'string' ? { digits } : undefined;
    },
    stringify(value) {
      return JSON.stringify(value).replace(stood, '$1');
    },
  };
}
