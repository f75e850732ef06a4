import { isIPv4 } from 'node:net';
import { PenstockError } from '../../../schemas/errors.ts';

const maxLength = 8192;

function invalid(reason: string): PenstockError {
  return new PenstockError('PIPE_DOWNLOAD_URL_INVALID', `the URL ${reason}`);
}

/** Scheme, host and path: what messages may show. A query often carries a signature. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 300);

/** The host as the text has it, before URL() normalises it. */
function writtenHost(text: string): string | undefined {
  const authority = /^(?:[a-z][a-z0-9+.-]*:)?[\\/]*([^\\/?#]*)/i.exec(text.trim())?.[1];
  return authority?.replace(/:\d*$/, '');
}

/**
 * Reads a source, or a redirect's target relative to where it came from. Refuses other schemes, credentials, and IPv4
 * addresses written as decimal, octal, hex or wide digits: URL() turns them into the dotted form, so the text must have it.
 */
export function parseSourceUrl(text: string, base?: URL): URL {
  if (text.length > maxLength) throw invalid(`is longer than ${maxLength} characters`);
  if (!URL.canParse(text, base?.href)) throw invalid('cannot be read; an absolute http or https URL is needed');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalid(`has the scheme “${url.protocol}”`);
  if (url.username !== '' || url.password !== '') throw invalid('carries credentials');
  const isDisguised = isIPv4(url.hostname) && url.hostname !== base?.hostname && writtenHost(text) !== url.hostname;
  if (isDisguised) {
    throw new PenstockError('PIPE_DOWNLOAD_ADDRESS_REFUSED', 'the URL writes an IPv4 address in disguise', {
      context: { host: url.hostname },
    });
  }
  url.hash = '';
  return url;
}
