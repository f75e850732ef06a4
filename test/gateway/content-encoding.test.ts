import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openGateway, post, task } from './open-gateway.ts';

const encoders = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const;

describe.each(encoders)('%s', (encoding, encode) => {
  const headers = { 'content-encoding': encoding };

  it('carries a task, an array and NDJSON', async () => {
    const { app, broker } = await openGateway();
    const lines = `${JSON.stringify(task)}\n`.repeat(1_200);
    expect((await post(app, encode(JSON.stringify(task)), { headers })).statusCode).toBe(202);
    expect((await post(app, encode(JSON.stringify([task, task])), { headers })).json().accepted).toBe(2);
    const many = await post(app, encode(lines), { headers: { ...headers, 'content-type': 'application/x-ndjson' } });
    expect(many.json().accepted).toBe(1_200);
    expect(broker.of('assets.download')).toHaveLength(1_203);
  });

  it('is counted decompressed: a bomb is a 413', async () => {
    const { app, broker } = await openGateway();
    const bomb = encode(Buffer.alloc(64 * 1024 * 1024, 0x20));
    expect(bomb.length).toBeLessThan(100_000);
    const response = await post(app, bomb, { headers });
    expect(response.statusCode).toBe(413);
    expect(response.json().code).toBe('PIPE_GATEWAY_BODY_TOO_LARGE');
    expect(broker.sent).toHaveLength(0);
  });

  it('cut short is a 400 and no task, but what stood before it in NDJSON is told', async () => {
    const { app, broker } = await openGateway();
    const whole = encode(JSON.stringify({ ...task, name: 'x'.repeat(500) }));
    const response = await post(app, whole.subarray(0, whole.length - 5), { headers });
    expect(response.statusCode).toBe(400);
    expect(response.json().code).toBe('PIPE_GATEWAY_BODY_INVALID');
    expect(broker.sent).toHaveLength(0);
    const lines = encode(`${JSON.stringify(task)}\n`.repeat(5_000));
    const cut = await post(app, lines.subarray(0, lines.length - 5), {
      headers: { ...headers, 'content-type': 'application/x-ndjson' },
    });
    expect(cut.statusCode).toBe(400);
    expect(cut.json().accepted).toBe(broker.of('assets.download').length);
  });
});
