import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const maxBytes = 8 * 1024 * 1024;
const tailBytes = 32 * 1024;

/** A file descriptor for appending. A log that has grown past 8 MiB becomes `.1` first, and that one `.2`. */
export function openLogFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  if (sizeOf(path) > maxBytes) {
    if (sizeOf(`${path}.1`) > 0) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
  }
  return openSync(path, 'a');
}

/** The lines at the end of the log, from at most its last 32 KiB, that were written at and after byte `from`. */
export function readLogTail(path: string, options: { from: number }): string[] {
  const start = Math.max(options.from, sizeOf(path) - tailBytes);
  const buffer = Buffer.alloc(Math.max(0, sizeOf(path) - start));
  if (buffer.length === 0) return [];
  const fd = openSync(path, 'r');
  try {
    readSync(fd, buffer, 0, buffer.length, start);
  } finally {
    closeSync(fd);
  }
  return buffer.toString('utf8').trimEnd().split('\n');
}

/** At most `count` lines that say why a program ended: its latest errors, or its last words; no stack frames. */
export function tellingLines(lines: readonly string[], count: number): string[] {
  const plain = lines.filter((line) => line.trim() !== '' && !/^\s+(at |\.\.\. \d+ more)/.test(line));
  const errors = plain.filter((line) => /\b(ERROR|FATAL|SEVERE)\b|Exception|Error:/.test(line));
  return (errors.length > 0 ? errors : plain).slice(-count).map((line) => line.slice(0, 500));
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
