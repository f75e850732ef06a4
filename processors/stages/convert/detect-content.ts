import { isUtf8 } from 'node:buffer';
import { sniffType } from '../sniff.ts';
import { detectDelimiter } from './detect-csv.ts';
import type { TableFormat } from './tabulate.ts';

/** What the source says of the bytes: a hint where they leave a choice, never more. */
export interface ContentClaim {
  readonly name: string;
  readonly contentType: string;
}

export type Content =
  | { readonly kind: 'image' }
  /** isCertain: by claim too, so that damage is an error and not a sign that it is something else. */
  | { readonly kind: 'table'; readonly format: TableFormat; readonly isCertain: boolean }
  | { readonly kind: 'other' };

const imageTypes = new Set([
  'image/png',
  'image/apng',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/tiff',
  'image/avif',
]);
const csvClaim = { types: new Set(['text/csv', 'text/tab-separated-values']), names: /\.(csv|tsv)$/i };
const jsonClaim = { types: /[/+](json|x-ndjson|ndjson|jsonl)$/, names: /\.(json|ndjson|jsonl)$/i };

export const isImageType = (contentType: string): boolean => imageTypes.has(contentType);

/** A cut through a character at the end of the head is no fault. */
function isText(head: Buffer, isWholeFile: boolean): boolean {
  if (head.includes(0)) return false;
  if (isUtf8(head)) return true;
  return !isWholeFile && [1, 2, 3].some((cut) => isUtf8(head.subarray(0, -cut)));
}

function detectTable(text: string, claim: ContentClaim, isWholeFile: boolean): Content {
  const trimmed = text.replace(/^\uFEFF/, '').trimStart();
  // Markup may hold commas in every line, and JSON does.
  if (trimmed === '' || trimmed.startsWith('<')) return { kind: 'other' };
  const claimsJson = jsonClaim.types.test(claim.contentType) || jsonClaim.names.test(claim.name);
  if (/^\[\s*[{\]]|^\{\s*["}]/.test(trimmed) || (claimsJson && /^[[{]/.test(trimmed))) {
    return { kind: 'table', format: { kind: 'json' }, isCertain: claimsJson || trimmed.startsWith('[') };
  }
  const claimsCsv = csvClaim.types.has(claim.contentType) || csvClaim.names.test(claim.name);
  const found = detectDelimiter(text, isWholeFile);
  if (found === undefined && !claimsCsv) return { kind: 'other' };
  const claimsTab = claim.contentType === 'text/tab-separated-values' || /\.tsv$/i.test(claim.name);
  return { kind: 'table', format: { kind: 'csv', delimiter: found ?? (claimsTab ? '\t' : ',') }, isCertain: claimsCsv };
}

/** Judges by the bytes. `head` is the beginning of the file, 64 KiB or all of it. */
export async function detectContent(head: Buffer, claim: ContentClaim, isWholeFile: boolean): Promise<Content> {
  const sniffed = await sniffType(head);
  if (sniffed !== undefined && imageTypes.has(sniffed)) return { kind: 'image' };
  const isKnownBinary = sniffed !== undefined && !sniffed.startsWith('text/');
  if (isKnownBinary || !isText(head, isWholeFile)) return { kind: 'other' };
  return detectTable(head.toString('utf8'), claim, isWholeFile);
}
