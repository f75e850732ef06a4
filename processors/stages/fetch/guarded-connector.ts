import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';
import { PenstockError } from '../../../schemas/errors.ts';
import { type AllowList, isAllowedHost, refusalOf } from './address-guard.ts';

function refuse(host: string, reason: string): PenstockError {
  return new PenstockError('PIPE_DOWNLOAD_ADDRESS_REFUSED', `${host} is refused: ${reason}`, { context: { host } });
}

/** Answers only when every address of the name may be reached: one bad address among good ones is an attack. */
function guardedLookup(allow: AllowList): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const reason = addresses.map(({ address }) => refusalOf(address, allow)).find((found) => found !== undefined);
      if (reason !== undefined) return callback(refuse(hostname, `it resolves to a ${reason} address`), '', 0);
      const [first] = addresses;
      if (first === undefined) return callback(refuse(hostname, 'it resolves to nothing'), '', 0);
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/**
 * Connects only where the guard lets it. Literal addresses are judged here, since Node never looks them up; names at the
 * moment of connecting, in the lookup whose very answer the socket uses, so that a name cannot change in between.
 */
export function guardedConnector(allow: AllowList, connectTimeoutMs: number): buildConnector.connector {
  const open = buildConnector({ timeout: connectTimeoutMs });
  const guarded = buildConnector({ timeout: connectTimeoutMs, host: '', port: 0, lookup: guardedLookup(allow) });
  return (options, callback) => {
    const { hostname } = options;
    const port = options.port || (options.protocol === 'https:' ? '443' : '80');
    if (isAllowedHost(allow, hostname, port)) return open(options, callback);
    if (isIP(hostname) === 0 && !ipaddr.isValid(hostname)) return guarded(options, callback);
    const reason = refusalOf(hostname, allow);
    return reason === undefined ? open(options, callback) : callback(refuse(hostname, `a ${reason} address`), null);
  };
}
