import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stage } from '../../../processors/stage.ts';
import { type TransformOptions, transformStage } from '../../../processors/stages/transform.ts';
import type { TransformTask } from '../../../schemas/generated/transform-task.ts';
import type { UploadTask } from '../../../schemas/generated/upload-task.ts';
import { failureOf, makeContext, makeFolder, makeTask, putBytes, readAll, runOne } from './helpers.ts';

const data = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const real = (name: string): Promise<Buffer> => readFile(join(data, name));

let plainStage: Stage<TransformTask>;
let plainFolder: string;

beforeAll(async () => {
  plainFolder = await mkdtemp(join(tmpdir(), 'penstock-test-'));
  plainStage = transformStage({ temporaryFolder: plainFolder });
});
afterAll(() => rm(plainFolder, { recursive: true, force: true }));

interface Result {
  readonly upload: UploadTask;
  readonly bytes: Buffer;
}

async function run(
  name: string,
  bytes: Uint8Array | string,
  contentType = 'application/octet-stream',
  options: TransformOptions = {},
): Promise<Result> {
  const ctx = await makeContext();
  const isPlain = Object.keys(options).length === 0;
  const stage = isPlain ? plainStage : transformStage({ temporaryFolder: await makeFolder(), ...options });
  const blob = await putBytes(ctx.blobs, bytes, contentType);
  const upload = (await runOne(stage, makeTask({ source: `http://x/${name}`, name, blob }), ctx)) as UploadTask;
  return { upload, bytes: await readAll(ctx.blobs, upload.blob) };
}

const rowsOf = (bytes: Buffer): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: new Uint8Array(bytes).buffer });

/** A value read back from Parquet, as the text that its CSV cell must have had, up to the writing of numbers. */
function sameCell(value: unknown, cell: string): boolean {
  if (value === null) return cell === '';
  if (typeof value === 'number') return value === Number(cell);
  if (value instanceof Date) return value.getTime() === Date.parse(cell);
  if (typeof value === 'boolean') return String(value) === cell.toLowerCase();
  return String(value) === cell;
}

const csvFiles = [
  'airports.csv',
  'birdstrikes.csv',
  'zipcodes.csv',
  'stocks.csv',
  'seattle-weather.csv',
  'species.csv',
];

describe('tables', () => {
  it.each(csvFiles)('makes Parquet of %s, equal in every cell', async (name) => {
    const source = await real(name);
    const { upload, bytes } = await run(name, source, 'text/csv');
    expect(upload.name).toBe(name.replace('.csv', '.parquet'));
    expect(upload.blob.contentType).toBe('application/vnd.apache.parquet');
    const expected: Record<string, string>[] = parse(source, { columns: true, bom: true, skip_empty_lines: true });
    const rows = await rowsOf(bytes);
    expect(rows).toHaveLength(expected.length);
    const different = expected.flatMap((record, row) =>
      Object.entries(record)
        .filter(([column, cell]) => !sameCell(rows[row]?.[column], cell))
        .map(([column, cell]) => ({ row, column, cell, value: rows[row]?.[column] })),
    );
    expect(different).toEqual([]);
  });

  it.each(['movies.json', 'cars.json', 'flights-2k.json', 'barley.json', 'unemployment-across-industries.json'])(
    'makes Parquet of %s, equal in every value',
    async (name) => {
      const source = await real(name);
      const { bytes } = await run(name, source);
      const expected: Record<string, unknown>[] = JSON.parse(source.toString('utf8'));
      const rows = await rowsOf(bytes);
      expect(rows).toHaveLength(expected.length);
      const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : (value ?? null));
      const different = expected.flatMap((record, row) =>
        Object.entries(record).filter(([column, value]) => {
          const found = plain(rows[row]?.[column]);
          return found !== plain(value) && found !== String(value) && found !== JSON.stringify(value);
        }),
      );
      expect(different).toEqual([]);
    },
  );

  it('finds the type of each column and loses nothing', async () => {
    const csv = [
      'id,zip,price,big,huge,mixed,flag,at,text,__proto__,id,',
      '1,00501,1.5,9007199254740993,123456789012345678901,1,true,2024-02-29T12:00:00Z,,x,7,e',
      '-2,10001,,1,2,abc,FALSE,2024-02-29T12:00:00.250+01:00,"a,""b""\nc",y,8,f',
      ',,3e2,,,2.5,,,,,,',
    ].join('\n');
    const rows = await rowsOf((await run('t.csv', csv)).bytes);
    const at = (text: string): Date => new Date(text);
    expect(rows).toEqual([
      {
        id: 1n,
        zip: '00501',
        price: 1.5,
        big: 9007199254740993n,
        huge: '123456789012345678901',
        mixed: '1',
        flag: true,
        at: at('2024-02-29T12:00:00Z'),
        text: '',
        column_10: 'x',
        id_2: 7n,
        column_12: 'e',
      },
      {
        id: -2n,
        zip: '10001',
        price: null,
        big: 1n,
        huge: '2',
        mixed: 'abc',
        flag: false,
        at: at('2024-02-29T11:00:00.250Z'),
        text: 'a,"b"\nc',
        column_10: 'y',
        id_2: 8n,
        column_12: 'f',
      },
      {
        id: null,
        zip: '',
        price: 300,
        big: null,
        huge: '',
        mixed: '2.5',
        flag: null,
        at: null,
        text: '',
        column_10: '',
        id_2: null,
        column_12: '',
      },
    ]);
  });

  it('reads NDJSON, keeps wide integers and nested values as JSON text', async () => {
    const ndjson = '{"a":9007199254740993,"n":{"x":[12345678901234567890]}}\n\n{"b":"é","a":2,"n":null}\n';
    const { upload, bytes } = await run('x.ndjson', ndjson);
    expect(upload.name).toBe('x.parquet');
    expect(await rowsOf(bytes)).toEqual([
      { a: 9007199254740993n, n: '{"x":[12345678901234567890]}', b: null },
      { a: 2n, n: null, b: 'é' },
    ]);
  });

  it('writes several row groups for a larger table, the same bytes each time', async () => {
    const csv = `n,t\n${Array.from({ length: 20_000 }, (_, n) => `${n},row ${n}`).join('\n')}\n`;
    const options = { table: { rowGroupBytes: 50_000 } };
    const first = await run('big.csv', csv, 'text/csv', options);
    const second = await run('big.csv', csv, 'text/csv', options);
    expect(second.bytes.equals(first.bytes)).toBe(true);
    const rows = await rowsOf(first.bytes);
    expect(rows).toHaveLength(20_000);
    expect(rows.every((row, n) => row.n === BigInt(n) && row.t === `row ${n}`)).toBe(true);
  });

  it('makes an empty table of a header alone', async () => {
    const { upload, bytes } = await run('h.csv', 'a,b\n', 'text/csv');
    expect(upload.name).toBe('h.parquet');
    expect(await rowsOf(bytes)).toEqual([]);
  });

  it.each([
    ['an open quote', 'q.csv', 'a,b\n1,"2\n3,4\n', 'PIPE_TRANSFORM_CSV_BROKEN'],
    ['rows of different widths', 'w.csv', 'a,b\n1,2\n3\n', 'PIPE_TRANSFORM_CSV_BROKEN'],
    ['a JSON array cut short', 'c.json', '[{"a":1},{"a":', 'PIPE_TRANSFORM_JSON_BROKEN'],
    ['a malformed JSON object', 'm.json', '[{"a":1},{"a":}]', 'PIPE_TRANSFORM_JSON_BROKEN'],
    ['two JSON values without a comma', 'n.json', '[{"a":1}{"a":2}]', 'PIPE_TRANSFORM_JSON_BROKEN'],
    ['deep JSON', 'd.json', `[{"a":${'['.repeat(200)}${']'.repeat(200)}}]`, 'PIPE_TRANSFORM_LIMIT'],
  ])('refuses %s for good', async (_what, name, bytes, code) => {
    const error = await failureOf(run(name, bytes));
    expect(error.code).toBe(code);
    expect(error.retryable).toBe(false);
  });

  it('says where a broken CSV breaks', async () => {
    const error = await failureOf(run('w.csv', 'a,b\n1,2\n3,4\n5\n', 'text/csv'));
    expect(error.message).toContain('line 4');
  });

  it.each([
    ['columns', { maxColumns: 2 }, 'a,b,c\n1,2,3\n'],
    ['row size', { maxRowSize: 100 }, `a,b\n1,${'x'.repeat(200)}\n`],
    ['output size', { maxOutputBytes: 100 }, `a,b\n1,${'x'.repeat(200)}\n`],
  ])('keeps the limit on %s', async (_what, table, csv) => {
    const error = await failureOf(run('l.csv', csv, 'text/csv', { table }));
    expect(error.code).toBe('PIPE_TRANSFORM_LIMIT');
  });
});

describe('images', () => {
  it.each(['7zip.png', 'ffox.png', 'gimp.png'])('makes a WebP thumbnail of %s, whatever it is called', async (name) => {
    const { upload, bytes } = await run(name.replace('png', 'csv'), await real(name), 'text/csv');
    expect(upload.blob.contentType).toBe('image/webp');
    expect(upload.name).toBe(name.replace('png', 'webp'));
    const meta = await sharp(bytes).metadata();
    expect(meta.format).toBe('webp');
    expect(Math.max(meta.width, meta.height)).toBeLessThanOrEqual(512);
  });

  it.each(['jpeg', 'gif', 'tiff', 'avif', 'webp'] as const)(
    'shrinks %s to 512 px and keeps its shape',
    async (format) => {
      const wide = await sharp({ create: { width: 1200, height: 600, channels: 3, background: '#336699' } })
        .toFormat(format)
        .toBuffer();
      const meta = await sharp((await run(`w.${format}`, wide)).bytes).metadata();
      expect([meta.format, meta.width, meta.height]).toEqual(['webp', 512, 256]);
    },
  );

  it('makes the same bytes twice', async () => {
    const png = await real('ffox.png');
    const [first, second] = [await run('f.png', png), await run('f.png', png)];
    expect(second.bytes.equals(first.bytes)).toBe(true);
  });

  it.each(['png', 'jpeg', 'gif', 'webp', 'tiff'] as const)('refuses a truncated %s', async (format) => {
    const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const;
    const whole = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'red', noise } })
      .toFormat(format)
      .toBuffer();
    const error = await failureOf(run(`t.${format}`, whole.subarray(0, whole.length >> 1)));
    expect(error.code).toBe('PIPE_TRANSFORM_IMAGE_BROKEN');
    expect(error.retryable).toBe(false);
  });

  it('refuses bytes that begin as PNG and are none', async () => {
    const png = await real('ffox.png');
    const fake = Buffer.concat([png.subarray(0, 40), Buffer.alloc(500, 'no image')]);
    expect((await failureOf(run('f.png', fake))).code).toBe('PIPE_TRANSFORM_IMAGE_BROKEN');
  });

  it('refuses text that is served as an image', async () => {
    const error = await failureOf(run('e.png', 'this is not an image', 'image/png'));
    expect(error.code).toBe('PIPE_TRANSFORM_NOT_IMAGE');
  });

  it('refuses more pixels than allowed before decoding them', async () => {
    const big = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const error = await failureOf(run('b.png', big, 'image/png', { thumbnail: { maxInputPixels: 1_000_000 } }));
    expect(error.code).toBe('PIPE_TRANSFORM_LIMIT');
  });
});

describe('everything else', () => {
  it.each(['flights-200k.arrow', 'us-10m.json', 'miserables.json'])('compresses %s', async (name) => {
    const source = await real(name);
    const { upload, bytes } = await run(name, source);
    expect(upload.name).toBe(`${name}.gz`);
    expect(upload.blob.contentType).toBe('application/gzip');
    expect(gunzipSync(bytes).equals(source)).toBe(true);
  });

  it.each([
    ['prose', 'a.txt', 'Hello, world.\nThis line has none.\n'],
    ['SVG', 'a.svg', '<svg xmlns="http://www.w3.org/2000/svg"><path d="M1,2"/>\n<path d="M1,2"/></svg>'],
    ['a single JSON object', 'o.json', '{"a":1}'],
    ['a JSON list of numbers', 'l.json', '[1,2,3]'],
    ['an empty JSON list', 'e.json', '[]'],
    ['an INI file', 'i.ini', '[section]\nkey=value\n'],
    ['an empty file', 'empty.bin', ''],
    ['UTF-16 text', 'u.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')],
    ['Latin-1 text', 'l.csv', Buffer.from('a,b\ncaf\xe9,2\n', 'latin1')],
  ])('compresses %s', async (_what, name, source) => {
    const { upload, bytes } = await run(name, source);
    expect(upload.name.endsWith('.gz')).toBe(true);
    expect(gunzipSync(bytes).equals(Buffer.from(source))).toBe(true);
  });
});

describe('the input', () => {
  it('must be in the blob store', async () => {
    const ctx = await makeContext();
    const blob = { key: 'not/there', sizeBytes: 1, sha256: '0'.repeat(64), contentType: 'text/csv' };
    const stage = transformStage({ temporaryFolder: await makeFolder() });
    const error = await failureOf(runOne(stage, makeTask({ source: 's', name: 'n', blob }), ctx));
    expect(error.code).toBe('PIPE_BLOB_NOT_FOUND');
  });

  it('must be what the task refers to', async () => {
    const ctx = await makeContext();
    const blob = { ...(await putBytes(ctx.blobs, 'a,b\n1,2\n')), sha256: '0'.repeat(64) };
    const stage = transformStage({ temporaryFolder: await makeFolder() });
    const error = await failureOf(runOne(stage, makeTask({ source: 's', name: 'n', blob }), ctx));
    expect(error.code).toBe('PIPE_BLOB_CORRUPT');
  });

  it.each(['../../etc/passwd', '/etc/passwd', 'a//b', '.tmp/x', 'a/../b', 'a\0b', ''])(
    'is refused under the hostile key %j',
    async (key) => {
      const ctx = await makeContext();
      const blob = { key, sizeBytes: 1, sha256: '0'.repeat(64), contentType: 'text/csv' };
      const stage = transformStage({ temporaryFolder: await makeFolder() });
      const error = await failureOf(runOne(stage, makeTask({ source: 's', name: 'n', blob }), ctx));
      expect(error.code).toBe('PIPE_BLOB_KEY_INVALID');
    },
  );

  it('leaves no file behind, and stops when aborted', async () => {
    const temporaryFolder = await makeFolder();
    const controller = new AbortController();
    const ctx = await makeContext({ signal: controller.signal });
    const blob = await putBytes(ctx.blobs, `a,b\n${'1,2\n'.repeat(500_000)}`, 'text/csv');
    const stage = transformStage({ temporaryFolder });
    const running = runOne(stage, makeTask({ source: 's', name: 'n.csv', blob }), ctx);
    const reason = new Error('the partition is lost');
    const outputStarted = async (): Promise<boolean> => {
      const [work] = await readdir(temporaryFolder);
      return work !== undefined && (await readdir(join(temporaryFolder, work))).includes('input.parquet');
    };
    await vi.waitFor(async () => expect(await outputStarted()).toBe(true), { interval: 5, timeout: 15_000 });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await readdir(temporaryFolder)).toEqual([]);
  });
});
