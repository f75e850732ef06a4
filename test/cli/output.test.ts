import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startedEndpoints } from '../../cli/commands/up.ts';
import { countOf } from '../../cli/count-of.ts';
import { parseCount, parseSince, parseTime } from '../../cli/parse-time.ts';
import { startCounter, startProgressBar } from '../../cli/progress-bar.ts';
import { describeMoves } from '../../cli/replay/replay.ts';
import { textTable } from '../../cli/text-table.ts';
import { type Line, linesOf } from '../../gateway/intake/ndjson.ts';

describe('times on the command line', () => {
  const now = Date.UTC(2026, 0, 31);

  it.each([
    ['30s', 30_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s ago', (text, ms) => {
    expect(parseSince(text, now)).toBe(now - ms);
  });

  it('are UTC where they name no zone', () => {
    expect(parseTime('2026-01-31T10:00')).toBe(Date.UTC(2026, 0, 31, 10));
    expect(parseTime('1769853600000')).toBe(1_769_853_600_000);
  });

  it.each(['', '15', '15 m', 'm', '1w', '2026-02-40', 'NaN', '-5m'])('refuse %j', (text) => {
    expect(() => parseSince(text, now)).toThrow();
  });

  it('counts are whole numbers in their range', () => {
    expect(parseCount(1, 10)('10')).toBe(10);
    for (const wrong of ['0', '11', '1.5', '1e1', '', '-1', '0x5']) expect(() => parseCount(1, 10)(wrong)).toThrow();
  });
});

describe('a table', () => {
  it('shows nothing that a terminal would obey', () => {
    const table = textTable(['name'], [['a\u001b[2Jb\rc\nd\u202ee']]);
    for (const character of ['\u001b', '\r', '\u202e']) expect(table).not.toContain(character);
    expect(table.split('\n')).toHaveLength(5);
  });
});

describe('lines of NDJSON', () => {
  const limits = { maxLineBytes: 10, maxLines: 3, maxChunkBytes: 1_000 };

  async function collect(chunks: readonly string[]): Promise<Line[][]> {
    const groups: Line[][] = [];
    const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    for await (const group of linesOf(stream, limits)) groups.push(group);
    return groups;
  }

  const texts = (groups: Line[][]) =>
    groups.flat().map((line) => (line.kind === 'line' ? line.bytes.toString() : line.sizeBytes));

  it('are the same however the stream is cut', async () => {
    const text = 'aa\nbb\r\n\n   \nccc\n0123456789AB\ndd';
    const whole = texts(await collect([text]));
    expect(whole).toEqual(['aa', 'bb\r', 'ccc', 12, 'dd']);
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(texts(await collect([text.slice(0, cut), text.slice(cut)]))).toEqual(whole);
    }
    expect(texts(await collect([...text]))).toEqual(whole);
  });

  it('come in groups of at most so many', async () => {
    const groups = await collect(['1\n2\n3\n4\n5\n6\n7']);
    expect(groups.map((group) => group.length)).toEqual([3, 3, 1]);
  });
});

describe('counts for people', () => {
  function stderrOf(print: () => void): string {
    let written = '';
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
    print();
    return written;
  }

  it('agree with their noun', () => {
    expect([0, 1, 2].map((count) => countOf(count, 'task'))).toEqual(['0 tasks', '1 task', '2 tasks']);
  });

  it('do so in a counter and in a bar without a terminal', () => {
    vi.stubEnv('NO_COLOR', '1');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const written = stderrOf(() => {
      const counter = startCounter('submitted', 'task');
      counter.update(1);
      counter.stop();
      const bar = startProgressBar('ended', 1, 'task');
      bar.update(1);
      bar.stop();
    });
    expect(written).toBe('submitted 1 task\nended 1/1 task\n');
  });
});

describe('the table of a replay', () => {
  const move = { partition: 0, earliest: 3, latest: 181, current: 181, next: 180, toRun: 1, again: 1, skipped: 0 };

  it('names every column, and which end of the range is not a record', () => {
    const text = describeMoves({ topic: 'a.b' }, [{ ...move, clamped: true }], { dryRun: true });
    const [, head = ''] = text.split('\n');
    const cells = head.split('│').slice(1, -1);
    expect(cells.map((cell) => cell.trim())).not.toContain('');
    expect(head).toContain('end (next offset)');
    expect(text).toContain('moved to what is stored');
    expect(text).toContain('a.b: 1 record to run, 1 of them again. dry run');
  });
});

it('up names the endpoints of what it started, and no others', () => {
  const endpoints = { brokers: ['127.0.0.1:1', '127.0.0.1:2'], registryUrl: 'http://r', clickhouseUrl: 'http://c' };
  const shown = (...only: Parameters<typeof startedEndpoints>[1][]) =>
    startedEndpoints(endpoints, ...only).map(({ key, value }) => `${key} ${value}`);
  expect(shown(['kafka'])).toEqual(['brokers 127.0.0.1:1,127.0.0.1:2']);
  expect(shown(['clickhouse', 'registry'])).toEqual(['registryUrl http://r', 'clickhouseUrl http://c']);
  expect(shown()).toHaveLength(3);
});
