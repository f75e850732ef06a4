import { setTimeout as delay } from 'node:timers/promises';
import { PenstockError } from '../../schemas/errors.ts';
import type { ManagedChild } from './child-process.ts';
import type { Component } from './component.ts';

/**
 * Launches a component and resolves when it answers. When it ends before that, stays silent past its limit, or the
 * signal aborts, it is stopped and the promise rejects (PIPE_STACK_COMPONENT_FAILED with its last log lines).
 */
export async function startComponent(
  component: Component,
  options: { onLaunch: (child: ManagedChild) => void; onProcess: () => void; signal: AbortSignal },
): Promise<ManagedChild> {
  const child = await component.launch(options.onProcess);
  options.onLaunch(child);
  try {
    await untilHealthy(component, child, options.signal);
    return child;
  } catch (error) {
    await child.stop(component.stopGraceMs);
    throw error;
  }
}

async function untilHealthy(component: Component, child: ManagedChild, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + component.startLimitMs;
  let ended: string | undefined;
  child.exited.then((reason) => {
    ended = reason;
  });
  for (;;) {
    const isHealthy = await component.probe();
    signal.throwIfAborted();
    if (ended !== undefined) throw failedAtStart(component, child, `ended at start with ${ended}`);
    if (isHealthy) return;
    if (Date.now() > deadline) {
      throw failedAtStart(component, child, `gave no answer within ${component.startLimitMs / 1000} s`);
    }
    await Promise.race([delay(50), child.exited]);
  }
}

function failedAtStart(component: Component, child: ManagedChild, what: string): PenstockError {
  const lines = child.logTail().map((line) => `\n    ${line}`);
  const log = lines.length > 0 ? `; its last lines in ${component.logFile}:${lines.join('')}` : '';
  return new PenstockError('PIPE_STACK_COMPONENT_FAILED', `${component.name} ${what}${log}`, {
    context: { component: component.name, port: component.port },
  });
}
