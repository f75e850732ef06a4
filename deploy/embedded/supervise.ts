import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../schemas/errors.ts';
import type { ManagedChild } from './child-process.ts';
import type { Component } from './component.ts';
import type { Progress } from './stack-options.ts';
import { startComponent } from './start-component.ts';
import type { ComponentState } from './state-file.ts';

export interface Supervised {
  readonly component: Component;
  /** Resolves when the component is healthy for the first time; rejects when that start fails. */
  start(): Promise<void>;
  /** Ends it for good, a restart in progress included. */
  stop(): Promise<void>;
  state(): ComponentState;
}

const firstBackoffMs = 500;
const maxBackoffMs = 30_000;
/** One that ran this long before it died is not in a crash loop: it is started again soon. */
const settledAfterMs = 60_000;

/** Wait before the restart that follows `failures` deaths in a row: 0.5 s, doubling, at most 30 s. */
export function restartDelayMs(failures: number): number {
  return Math.min(firstBackoffMs * 2 ** (failures - 1), maxBackoffMs);
}

/** Keeps one component alive: starts it, and starts it again, with back-off, each time it dies by itself. */
export function supervise(component: Component, onChange: () => void, onProgress: Progress): Supervised {
  const stopping = new AbortController();
  const { name, port, logFile } = component;
  let state: ComponentState = { name, port, logFile, status: 'stopped', processes: [], restarts: 0 };
  let child: ManagedChild | undefined;
  let starting: ManagedChild | undefined;
  let watching: Promise<void> = Promise.resolve();

  const change = (next: Partial<ComponentState>) => {
    state = { ...state, ...next };
    onChange();
  };
  const launch = async () => {
    const onLaunch = (launched: ManagedChild) => {
      starting = launched;
      onProcess();
    };
    const onProcess = () => change({ processes: starting?.processes() ?? [] });
    child = await startComponent(component, { onLaunch, onProcess, signal: stopping.signal });
    change({ status: 'running', startedAt: Date.now() });
  };
  const keepAlive = async () => {
    for (let failures = 0; child; ) {
      // stop() may have come just as a restart succeeded, and then saw the old child only.
      if (stopping.signal.aborted) await child.stop(component.stopGraceMs);
      const since = Date.now();
      const reason = await child.exited;
      if (stopping.signal.aborted) return;
      failures = Date.now() - since > settledAfterMs ? 1 : failures + 1;
      change({ status: 'restarting', processes: [], lastExit: reason });
      onProgress(`${name} ended by itself (${reason}); starting it again`);
      failures = await restart(failures);
    }
  };
  const restart = async (failures: number): Promise<number> => {
    for (let attempt = failures; ; attempt += 1) {
      await delay(restartDelayMs(attempt), undefined, { signal: stopping.signal });
      try {
        await launch();
        change({ restarts: state.restarts + 1 });
        onProgress(`${name} is back`);
        return attempt;
      } catch (error) {
        stopping.signal.throwIfAborted();
        change({ status: 'restarting', processes: [], lastExit: messageOf(error) });
      }
    }
  };

  return {
    component,
    state: () => state,
    start: async () => {
      change({ status: 'starting' });
      await launch();
      watching = keepAlive().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    },
    stop: async () => {
      stopping.abort();
      await child?.stop(component.stopGraceMs);
      await watching;
      change({ status: 'stopped', processes: [] });
    },
  };
}
