import { createHash } from 'node:crypto';

const quoted = /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g;
const addressTails = /\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/?#]{1,300})[/?#](\S*)/gi;
const ids = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi;
const digits = /\d+(?:\.\d+)*/g;

/** Of an address the host tells something, the rest varies; punctuation at its end belongs to the sentence. */
const blankTail = (_address: string, host: string, tail: string): string =>
  `${host}/?${/[:;,.)]$/.test(tail) ? tail.at(-1) : ''}`;

/** The message of an error kind: what varies from task to task is blanked. */
export function blankMessage(message: string): string {
  return message
    .slice(0, 1000)
    .replace(quoted, '?')
    .replace(addressTails, blankTail)
    .replace(ids, '#')
    .replace(digits, '#');
}

/** 16 hex digits, equal for errors of the same kind. */
export function errorFingerprint(code: string, message: string): string {
  return createHash('sha1')
    .update(`${code}\n${blankMessage(message)}`)
    .digest('hex')
    .slice(0, 16);
}
