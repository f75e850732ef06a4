import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface OutputKind {
  readonly extension: string;
  readonly files: number;
  readonly totalBytes: number;
  /** One of them, opened. */
  readonly sample: string;
  readonly isWellFormed: boolean;
}

/** What lies in the output folder since `sinceMs`, by extension, with one of each kind checked by its magic bytes. */
export async function checkOutputs(folder: string, sinceMs: number): Promise<OutputKind[]> {
  const byExtension = new Map<string, { path: string; sizeBytes: number }[]>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    if (mtimeMs < sinceMs) continue;
    const extension = extname(entry.name);
    byExtension.set(extension, [...(byExtension.get(extension) ?? []), { path, sizeBytes: size }]);
  }
  return Promise.all([...byExtension].sort().map(([extension, files]) => checkKind(extension, files)));
}

async function checkKind(extension: string, files: { path: string; sizeBytes: number }[]): Promise<OutputKind> {
  const sample = files[Math.floor(files.length / 2)]?.path ?? '';
  return {
    extension,
    files: files.length,
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    sample,
    isWellFormed: await isWellFormed(extension, sample),
  };
}

async function isWellFormed(extension: string, path: string): Promise<boolean> {
  const [head, tail] = await readEnds(path);
  if (extension === '.parquet') return head.startsWith('PAR1') && tail.endsWith('PAR1');
  if (extension === '.webp') return head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP';
  return extension !== '.gz' || head.startsWith('\x1f\x8b');
}

/** The first twelve and the last four bytes. */
async function readEnds(path: string): Promise<[string, string]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await file.read({ buffer: Buffer.alloc(12), position: 0 });
    const tail = await file.read({ buffer: Buffer.alloc(4), position: Math.max(0, size - 4) });
    return [head.buffer.toString('latin1'), tail.buffer.toString('latin1')];
  } finally {
    await file.close();
  }
}
