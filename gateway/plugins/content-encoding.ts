import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FastifyInstance, RequestPayload } from 'fastify';
import { PenstockError } from '../../schemas/errors.ts';

const decoders = { br: createBrotliDecompress, deflate: createInflate, gzip: createGunzip };

const isKnown = (encoding: string): encoding is keyof typeof decoders => Object.hasOwn(decoders, encoding);

/**
 * Bodies compressed with gzip, deflate or br arrive decompressed, as they are read: limits count decoded bytes, and a
 * bomb costs no more than its first megabytes.
 */
export function installContentEncoding(app: FastifyInstance): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    if (encoding === 'identity' || encoding === '') return done(null, payload);
    if (isKnown(encoding)) return done(null, decoded(payload, decoders[encoding]()));
    reply.header('accept-encoding', Object.keys(decoders).join(', '));
    return done(
      new PenstockError('PIPE_GATEWAY_CONTENT_TYPE', 'the content encoding must be gzip, deflate or br'),
      payload,
    );
  });
}

/** `receivedEncodedLength` is what fastify compares with Content-Length. */
function decoded(payload: RequestPayload, decoder: Readable & NodeJS.ReadWriteStream): RequestPayload {
  const body: RequestPayload = Object.assign(decoder, { receivedEncodedLength: 0 });
  payload.on('data', (chunk: Buffer) => {
    body.receivedEncodedLength = (body.receivedEncodedLength ?? 0) + chunk.length;
  });
  payload.on('error', (error) => decoder.destroy(error));
  decoder.on('error', () => payload.unpipe(decoder));
  payload.pipe(decoder);
  return body;
}
