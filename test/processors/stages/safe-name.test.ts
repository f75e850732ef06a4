import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nameFromContentDisposition,
  nameFromUrl,
  objectName,
  safeName,
  withExtension,
} from '../../../processors/stages/safe-name.ts';

const plain = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

describe('safeName', () => {
  it.each([
    ['report.csv', 'report.csv'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['.hidden', 'hidden'],
    ['...', 'file'],
    ['', 'file'],
    ['a\0b.csv', 'a-b.csv'],
    ['Überblick März.csv', 'Uberblick-Marz.csv'],
    ['a..b', 'a.b'],
    ['日本.png', 'png'],
    ['-rf', 'rf'],
  ])('makes of %j the name %j', (raw, name) => {
    expect(safeName(raw)).toBe(name);
  });

  it('is plain, short, never hidden, and leaves its own results alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (raw) => {
        const name = safeName(raw);
        expect(name).toMatch(plain);
        expect(name.length).toBeLessThanOrEqual(100);
        expect(name).not.toContain('..');
        expect(safeName(name)).toBe(name);
      }),
    );
  });

  it('keeps the ending of a long name', () => {
    expect(safeName(`${'a'.repeat(300)}.parquet`)).toMatch(/^a{92}\.parquet$/);
  });
});

describe('names from outside', () => {
  it.each([
    ['http://x/a/b.csv?sig=secret', 'b.csv'],
    ['http://x/', 'file'],
    ['http://x/a%2F..%2Fb.csv', 'a-.-b.csv'],
    ['http://x/%ff.csv', 'ff.csv'],
    ['no url', 'file'],
  ])('takes from %j the name %j', (url, name) => {
    expect(nameFromUrl(url)).toBe(name);
  });

  it.each([
    ['attachment; filename="a b.csv"', 'a-b.csv'],
    ['attachment; filename=../../x.csv', 'x.csv'],
    ['attachment; filename="..\\\\..\\\\x.csv"', 'x.csv'],
    ["attachment; filename=a.csv; filename*=UTF-8''b%20c.csv", 'b-c.csv'],
    ['inline', undefined],
    ['attachment; filename=""', undefined],
  ])('takes from the header %j the name %j', (header, name) => {
    expect(nameFromContentDisposition(header)).toBe(name);
  });

  it('never throws and is always plain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(nameFromUrl(text)).toMatch(plain);
        expect(nameFromContentDisposition(`attachment; filename*=utf-8''${text}`) ?? 'none').toMatch(plain);
      }),
    );
  });
});

describe('objectName', () => {
  it('is the same for the same task, and differs between tasks', () => {
    expect(objectName('a', 'x.csv')).toBe(objectName('a', 'x.csv'));
    expect(objectName('a', 'x.csv')).not.toBe(objectName('b', 'x.csv'));
    expect(objectName('../../a', 'x.csv')).toMatch(/^x-[0-9a-f]{16}\.csv$/);
  });

  it('changes endings', () => {
    expect(withExtension('a.b.csv', 'parquet')).toBe('a.b.parquet');
    expect(withExtension('noending', 'webp')).toBe('noending.webp');
  });
});
