import { useRef, useState } from 'preact/hooks';
import type { Receipt } from '../../../../client/types.ts';
import { pipelinePath } from './paths.ts';
import { type RequestError, requestJson } from './request.ts';

export interface Submission {
  readonly isBusy: boolean;
  readonly receipt: Receipt | undefined;
  readonly error: RequestError | undefined;
  readonly send: (target: SubmitTarget, payload: unknown) => void;
  readonly forget: () => void;
}

export interface SubmitTarget {
  readonly pipeline: string;
  readonly stage?: string;
  /** Ordering key; '': the task's id. */
  readonly key: string;
}

type Outcome = { readonly receipt?: Receipt; readonly error?: RequestError };

/** Sends one task. Whoever presses again because no answer came sends the same task, not a second one. */
export function useSubmission(): Submission {
  const [outcome, setOutcome] = useState<Outcome>({});
  const [isBusy, setBusy] = useState(false);
  const open = useRef<{ readonly what: string; readonly key: string } | undefined>(undefined);
  const send = async ({ pipeline, stage, key }: SubmitTarget, payload: unknown): Promise<void> => {
    const path = pipelinePath(pipeline, 'tasks', { stage, key });
    const what = path + JSON.stringify(payload);
    if (open.current?.what !== what) open.current = { what, key: randomKey() };
    setBusy(true);
    try {
      const headers = { 'idempotency-key': open.current.key };
      const receipt = await requestJson<Receipt>(path, { method: 'POST', body: payload, headers });
      open.current = undefined;
      setOutcome({ receipt });
    } catch (error) {
      setOutcome({ error: error as RequestError });
    }
    setBusy(false);
  };
  return { isBusy, ...{ receipt: undefined, error: undefined }, ...outcome, send, forget: () => setOutcome({}) };
}

/** Not crypto.randomUUID: that is only there over https and on loopback. */
const randomKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
