interface TimedRequest {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

/** What is needed here of kafkajs' request queue, one for each connection. */
export interface TimedQueue {
  readonly enforceRequestTimeout: boolean;
  readonly inflight: ReadonlyMap<number, TimedRequest>;
  isConnected(): boolean;
  destroy(): void;
}

/** Of the 15 s that a request may take. */
export const checkEveryMs = 1_000;

const watched = new Set<TimedQueue>();
let timer: NodeJS.Timeout | undefined;

/** kafkajs looks ten times a second for each connection, which is most of what an idle worker wakes for: here one look for all. */
export function scheduleRequestTimeoutCheck(this: TimedQueue): void {
  if (!this.enforceRequestTimeout) return;
  watched.add(this);
  timer ??= setInterval(checkAll, checkEveryMs).unref();
}

function checkAll(): void {
  for (const queue of watched) check(queue, Date.now());
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

function check(queue: TimedQueue, now: number): void {
  for (const request of queue.inflight.values()) {
    if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
  }
  if (queue.isConnected()) return;
  watched.delete(queue);
  queue.destroy();
}
