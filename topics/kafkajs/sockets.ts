import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const keepAliveMs = 60_000;

/**
 * The sockets that kafkajs would open itself, but without Nagle's delay: a small request behind another waits up to 40 ms
 * for the kernel's acknowledgement of that. And a call for each attempt: a client that still tries is not silent.
 */
export function promptSockets(onAttempt: () => void = () => undefined): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    onAttempt();
    const servername = isIP(host) ? {} : { servername: host };
    // Undefined without TLS, whatever the types of kafkajs say.
    const socket = ssl
      ? connectTls({ host, port, ...servername, ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    return socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
  };
}
