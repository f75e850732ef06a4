import { createHash } from 'node:crypto';

const quoted = /"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g;
const ids = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi;
const digits = /\d+(?:\.\d+)*/g;

/** The message of an error kind: what varies from task to task is blanked. */
export function blankMessage(message: string): string {
  return message.slice(0, 1000).replace(quoted, '?').replace(ids, '#').replace(digits, '#');
}

/** 16 hex digits, equal for errors of the same kind. */
export function errorFingerprint(code: string, message: string): string {
  return createHash('sha1')
    .update(`${code}\n${blankMessage(message)}`)
    .digest('hex')
    .slice(0, 16);
}
