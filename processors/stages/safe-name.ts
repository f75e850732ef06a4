import { createHash } from 'node:crypto';

const maxLength = 100;
const extension = /\.[A-Za-z0-9]{1,12}$/;

/**
 * A file name of letters, digits, `._-`, at most 100 long, never hidden, never a path: what URLs and headers call a file
 * is no more than a hint. `fallback` where nothing is left.
 */
export function safeName(raw: string, fallback = 'file'): string {
  const clean = raw
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/-{2,}/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  const ending = extension.exec(clean)?.[0] ?? '';
  const stem = clean.slice(0, clean.length - ending.length).slice(0, maxLength - ending.length);
  // Cutting may have bared a dot or hyphen; a name that is all ending keeps it as its stem.
  const trimmed = stem.replace(/[.-]+$/, '');
  return trimmed === '' ? ending.slice(1) || fallback : `${trimmed}${ending}`;
}

/** The name with another ending: `a.csv` and `parquet` make `a.parquet`. */
export function withExtension(name: string, ending: string): string {
  return `${safeName(name).replace(extension, '')}.${ending}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoding after all: the text itself is the name.
    return text;
  }
}

export function nameFromUrl(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  return safeName(decoded(path.slice(path.lastIndexOf('/') + 1)));
}

/** RFC 6266, as far as a name goes: `filename*` before `filename`, only the part after the last slash. */
export function nameFromContentDisposition(header: string): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header);
  const raw = encoded === undefined ? (plain?.[1] ?? plain?.[2]) : decoded(encoded);
  const name =
    raw === undefined ? '' : safeName(raw.slice(Math.max(raw.lastIndexOf('/'), raw.lastIndexOf('\\')) + 1), '');
  return name === '' ? undefined : name;
}

/** Where the output of a task goes: the same task makes the same name, two tasks never share one. */
export function objectName(taskId: string, name: string): string {
  const clean = safeName(name);
  const ending = extension.exec(clean)?.[0] ?? '';
  const hash = createHash('sha256').update(taskId).digest('hex').slice(0, 16);
  return `${clean.slice(0, clean.length - ending.length)}-${hash}${ending}`;
}
