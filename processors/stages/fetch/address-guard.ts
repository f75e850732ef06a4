import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { PenstockError } from '../../../schemas/errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What PENSTOCK_DOWNLOAD_ALLOW exempts from the guard. */
export interface AllowList {
  /** Lower-case `host` or `host:port`. */
  readonly hosts: ReadonlySet<string>;
  readonly ranges: readonly (readonly [Address, number])[];
}

/** Outside 2000::/3 no IPv6 address is public. */
const globalUnicast6 = ipaddr.IPv6.parse('2000::');
/** Azure's metadata and DNS service stands on a public address. */
const metadataAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** Entries: host name, host:port, address, CIDR. Throws PIPE_CONFIG_INVALID for a CIDR that is none. */
export function parseAllowList(entries: readonly string[]): AllowList {
  const hosts = new Set<string>();
  const ranges: (readonly [Address, number])[] = [];
  for (const entry of entries.map((text) => text.trim()).filter((text) => text !== '')) {
    if (entry.includes('/')) {
      if (!ipaddr.isValidCIDR(entry)) {
        throw new PenstockError('PIPE_CONFIG_INVALID', `download allow entry “${entry}” is no host, address or CIDR`);
      }
      ranges.push(ipaddr.parseCIDR(entry));
    } else {
      const address = bare(entry);
      if (isIP(address) !== 0) ranges.push([ipaddr.parse(address), isIP(address) === 4 ? 32 : 128]);
      else hosts.add(entry.toLowerCase().replace(/^\[(.*)\](?=:\d+$)/, '$1'));
    }
  }
  return { hosts, ranges };
}

/** Whether this host, on this port, may be reached whatever it resolves to. */
export function isAllowedHost(allow: AllowList, host: string, port: string | number): boolean {
  const name = bare(host);
  return allow.hosts.has(name) || allow.hosts.has(`${name}:${port}`);
}

/** Why an address must not be reached; undefined for a public or an allowed one. Anything unreadable is refused. */
export function refusalOf(address: string, allow: AllowList): string | undefined {
  // ipaddr.js also reads octal, hex and short forms; net.isIP knows only what a socket takes as it is.
  if (isIP(address) === 0 || address.includes('%')) return 'no plain IP address';
  const parsed = ipaddr.parse(address);
  const allowed = allow.ranges.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits));
  if (allowed) return undefined;
  const range = parsed.range();
  if (range !== 'unicast') return range;
  if (metadataAddresses.has(address)) return 'metadata';
  if (parsed.kind() === 'ipv6' && !parsed.match(globalUnicast6, 3)) return 'not global unicast';
  return undefined;
}
