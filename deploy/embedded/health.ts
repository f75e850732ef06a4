import { request } from 'node:http';
import { connect } from 'node:net';

const probeLimitMs = 2000;

/** true: something on that loopback port answers as a Kafka broker does. */
export function probeKafka(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: probeLimitMs });
    const finish = (isHealthy: boolean) => {
      socket.destroy();
      resolve(isHealthy);
    };
    let received = Buffer.alloc(0);
    socket.once('connect', () => socket.write(apiVersionsRequest));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
    socket.once('close', () => finish(false));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 10) finish(isApiVersionsReply(received));
    });
  });
}

const correlationId = 0x70656e73;

/** ApiVersions v0: the one request that every broker answers without anything before it. */
const apiVersionsRequest = ((): Buffer => {
  const clientId = Buffer.from('penstock-probe');
  const body = Buffer.alloc(10 + clientId.length);
  body.writeInt16BE(18, 0);
  body.writeInt16BE(0, 2);
  body.writeInt32BE(correlationId, 4);
  body.writeInt16BE(clientId.length, 8);
  clientId.copy(body, 10);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
})();

function isApiVersionsReply(reply: Buffer): boolean {
  return reply.readInt32BE(4) === correlationId && reply.readInt16BE(8) === 0;
}

/** true: GET answers 200 on that loopback port. */
export function probeHttp(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ port, host: '127.0.0.1', path, agent: false, timeout: probeLimitMs }, (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    call.once('error', () => resolve(false));
    call.once('timeout', () => call.destroy());
    call.end();
  });
}
