import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedHost, parseAllowList, refusalOf } from '../../../processors/stages/fetch/address-guard.ts';
import { parseSourceUrl } from '../../../processors/stages/fetch/source-url.ts';
import { PenstockError } from '../../../schemas/errors.ts';

const nothing = parseAllowList([]);

const refused = [
  ['this network', '0.0.0.0'],
  ['this network, any host', '0.1.2.3'],
  ['loopback', '127.0.0.1'],
  ['loopback, far end', '127.255.255.254'],
  ['private 10/8', '10.1.2.3'],
  ['private 172.16/12, first', '172.16.0.1'],
  ['private 172.16/12, last', '172.31.255.255'],
  ['private 192.168/16', '192.168.1.1'],
  ['CGNAT', '100.64.0.1'],
  ['CGNAT, a cloud’s metadata', '100.100.100.200'],
  ['link-local', '169.254.1.1'],
  ['metadata', '169.254.169.254'],
  ['metadata on a public address', '168.63.129.16'],
  ['metadata in a reserved range', '192.0.0.192'],
  ['documentation', '192.0.2.1'],
  ['6to4 relay', '192.88.99.1'],
  ['benchmarking', '198.18.0.1'],
  ['multicast', '224.0.0.1'],
  ['multicast, last', '239.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified v6', '::'],
  ['loopback v6', '::1'],
  ['v4-mapped loopback', '::ffff:127.0.0.1'],
  ['v4-mapped public', '::ffff:8.8.8.8'],
  ['v4-mapped in hex', '::ffff:7f00:1'],
  ['v4-compatible', '::7f00:1'],
  ['v4-translated', '::ffff:0:7f00:1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64, local use', '64:ff9b:1::7f00:1'],
  ['6to4', '2002:7f00:1::'],
  ['Teredo', '2001:0:7f00:1::'],
  ['ULA', 'fc00::1'],
  ['ULA, metadata', 'fd00:ec2::254'],
  ['link-local v6', 'fe80::1'],
  ['site-local v6', 'fec0::1'],
  ['multicast v6', 'ff02::1'],
  ['documentation v6', '2001:db8::1'],
  ['documentation v6, new', '3fff::1'],
  ['discard', '100::1'],
  ['segment routing', '5f00::1'],
  ['never assigned', '4000::1'],
  ['scoped', 'fe80::1%eth0'],
  ['scoped, public', '2606:4700::1%eth0'],
  ['decimal', '2130706433'],
  ['octal', '0177.0.0.1'],
  ['hex', '0x7f000001'],
  ['short', '127.1'],
  ['no address', 'localhost'],
  ['empty', ''],
] as const;

const taken = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '2606:4700::1111',
];

describe('refusalOf', () => {
  it.each(refused)('refuses %s (%s)', (_what, address) => {
    expect(refusalOf(address, nothing)).toBeTypeOf('string');
  });

  it.each(taken)('takes the public address %s', (address) => {
    expect(refusalOf(address, nothing)).toBeUndefined();
  });

  it('refuses every address of the private ranges, and their v4-mapped forms', () => {
    const octet = fc.nat({ max: 255 });
    const inRange = fc.oneof(
      fc.tuple(fc.constantFrom(10, 127, 0), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
      fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
    );
    fc.assert(
      fc.property(inRange, (octets) => {
        const address = octets.join('.');
        expect(refusalOf(address, nothing)).toBeTypeOf('string');
        expect(refusalOf(`::ffff:${address}`, nothing)).toBeTypeOf('string');
      }),
    );
  });

  it('refuses every IPv6 address outside 2000::/3', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const first = Number.parseInt(address.startsWith(':') ? '0' : (address.split(':')[0] ?? ''), 16);
        fc.pre(first < 0x2000 || first > 0x3fff);
        expect(refusalOf(address, nothing)).toBeTypeOf('string');
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(['string', 'undefined']).toContain(typeof refusalOf(text, nothing));
      }),
    );
  });
});

describe('the allow list', () => {
  it('exempts a host, a host with port, an address and a range, and nothing else', () => {
    const allow = parseAllowList(['Files.Internal', 'cache.internal:8080', '10.0.0.7', '192.168.0.0/16', '[::1]:9000']);
    expect(isAllowedHost(allow, 'files.internal.', 443)).toBe(true);
    expect(isAllowedHost(allow, 'cache.internal', 8080)).toBe(true);
    expect(isAllowedHost(allow, 'cache.internal', 80)).toBe(false);
    expect(isAllowedHost(allow, '::1', 9000)).toBe(true);
    expect(isAllowedHost(allow, '[::1]', 9001)).toBe(false);
    expect(isAllowedHost(allow, 'evil.files.internal', 443)).toBe(false);
    expect(refusalOf('10.0.0.7', allow)).toBeUndefined();
    expect(refusalOf('10.0.0.8', allow)).toBeTypeOf('string');
    expect(refusalOf('192.168.3.4', allow)).toBeUndefined();
    expect(refusalOf('::ffff:192.168.3.4', allow)).toBeTypeOf('string');
  });

  it('is refused with a range that is none', () => {
    expect(() => parseAllowList(['10.0.0.0/99'])).toThrow(PenstockError);
  });
});

describe('parseSourceUrl', () => {
  const codeOf = (text: string, base?: string): string => {
    try {
      parseSourceUrl(text, base === undefined ? undefined : new URL(base));
      return 'taken';
    } catch (error) {
      if (error instanceof PenstockError) return error.code;
      throw error;
    }
  };

  it.each([
    'ftp://example.org/a',
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:alert(1)',
    '/relative',
    '',
    'http://',
    'http://user@example.org/',
    'http://user:pass@example.org/',
    `http://example.org/${'a'.repeat(9000)}`,
  ])('refuses %j', (text) => {
    expect(codeOf(text)).toBe('PIPE_DOWNLOAD_URL_INVALID');
  });

  it.each([
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0x08.0x08.0x08.0x08/',
    'http://134744072/8.8.8.8',
    'http:134744072/',
    'http://８.8.8.8/',
    'http://8。8。8。8/',
    'http://8.8.8.8./',
  ])('refuses the address in disguise %j', (text) => {
    expect(codeOf(text)).toBe('PIPE_DOWNLOAD_ADDRESS_REFUSED');
  });

  it.each(['http://example.org/a?b=c', 'https://8.8.8.8:8443/x', 'HTTP://EXAMPLE.ORG', 'http://[2606:4700::1]/x'])(
    'takes %j',
    (text) => {
      expect(codeOf(text)).toBe('taken');
    },
  );

  it('takes a redirect relative to an address, and refuses one to an address in disguise', () => {
    expect(codeOf('/next', 'http://8.8.8.8/')).toBe('taken');
    expect(codeOf('http://134744073/', 'http://8.8.8.8/')).toBe('PIPE_DOWNLOAD_ADDRESS_REFUSED');
  });
});
