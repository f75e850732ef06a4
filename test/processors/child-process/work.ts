import { reject, retryable } from '../../../processors/stage.ts';

/** What the tests of inChildProcess ask their child to do. */
export type Order =
  | { readonly kind: 'echo'; readonly value: unknown }
  | { readonly kind: 'pid' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'sync-sleep'; readonly ms: number }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'memory'; readonly how: 'objects' | 'one-large' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'later-crash' }
  | { readonly kind: 'throw'; readonly what: Throwable }
  | { readonly kind: 'function' }
  | { readonly kind: 'stream' };

export type Throwable = 'retryable' | 'reject' | 'system' | 'undefined' | 'symbol' | 'hostile' | 'proxy';

export default async function work(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'echo':
      return order.value;
    case 'pid':
      return process.pid;
    case 'loop':
      for (;;);
    case 'sync-sleep':
      return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.ms);
    case 'exit':
      return process.exit(order.code);
    case 'memory':
      return fillMemory(order.how);
    case 'abort':
      return process.abort();
    case 'later-crash':
      setImmediate(() => {
        throw new Error('nobody waits for this');
      });
      return process.pid;
    case 'throw':
      throw thrown(order.what);
    case 'function':
      return { call: () => 1 };
    case 'stream':
      return (async function* () {})();
  }
}

/** One large allocation beyond the limit ends a process even where a thread would have been spared the small ones. */
function fillMemory(how: 'objects' | 'one-large'): number {
  const kept: unknown[] = [];
  let text = 'x';
  for (;;) {
    text += text.length < 2 ** 27 ? text : '';
    kept.push(how === 'objects' ? { x: Math.random() } : [...text]);
  }
}

function thrown(what: Throwable): unknown {
  switch (what) {
    case 'retryable':
      return retryable('not yet', { afterMs: 1234 });
    case 'reject':
      return reject('never');
    case 'system':
      return Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open', path: '/x' });
    case 'undefined':
      return undefined;
    case 'symbol':
      return Symbol('s');
    case 'hostile':
      return Object.defineProperty(new Error('x'), 'message', {
        get() {
          throw new Error('a getter');
        },
      });
    case 'proxy': {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    }
  }
}
