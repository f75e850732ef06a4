import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkEveryMs, scheduleRequestTimeoutCheck, type TimedQueue } from '../../topics/kafkajs/request-timeouts.ts';

class Queue implements TimedQueue {
  readonly enforceRequestTimeout: boolean;
  readonly inflight = new Map<number, { sentAt: number; requestTimeout: number; timeoutRequest(): void }>();
  readonly timedOut: number[] = [];
  connected = true;
  destroyed = 0;

  constructor(enforceRequestTimeout = true) {
    this.enforceRequestTimeout = enforceRequestTimeout;
  }

  send(id: number, requestTimeout: number): void {
    const timeoutRequest = () => {
      this.timedOut.push(id);
      this.inflight.delete(id);
    };
    this.inflight.set(id, { sentAt: Date.now(), requestTimeout, timeoutRequest });
  }

  isConnected(): boolean {
    return this.connected;
  }

  destroy(): void {
    this.destroyed += 1;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a request that took too long times out, on each connection and however many there are', () => {
  const queues = [new Queue(), new Queue(), new Queue(false)];
  for (const queue of queues) scheduleRequestTimeoutCheck.call(queue);
  for (const queue of queues) {
    queue.send(1, 3_500);
    queue.send(2, 60_000);
  }
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(3 * checkEveryMs);
  expect(queues.map(({ timedOut }) => timedOut)).toEqual([[], [], []]);
  vi.advanceTimersByTime(checkEveryMs);
  expect(queues.map(({ timedOut }) => timedOut)).toEqual([[1], [1], []]);
  for (const queue of queues) queue.connected = false;
  vi.advanceTimersByTime(checkEveryMs);
  expect(queues.map(({ destroyed }) => destroyed)).toEqual([1, 1, 0]);
  expect(vi.getTimerCount()).toBe(0);
});

it('a connection that is made again is watched again', () => {
  const queue = new Queue();
  scheduleRequestTimeoutCheck.call(queue);
  queue.connected = false;
  vi.advanceTimersByTime(checkEveryMs);
  queue.connected = true;
  scheduleRequestTimeoutCheck.call(queue);
  queue.send(7, 100);
  vi.advanceTimersByTime(checkEveryMs);
  expect(queue.timedOut).toEqual([7]);
  queue.connected = false;
  vi.advanceTimersByTime(checkEveryMs);
  expect(vi.getTimerCount()).toBe(0);
});
