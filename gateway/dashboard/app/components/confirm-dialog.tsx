import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RequestError } from '../api/request.ts';

export interface ConfirmDialogProps {
  /** Asks, and names how many. */
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action: string;
  /** What it rejects with is shown; else the dialog closes. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Before anything is changed that does not come back. */
export function ConfirmDialog({ title, children, action, onConfirm, onClose }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<RequestError | undefined>(undefined);
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = () => {
    setBusy(true);
    onConfirm().then(
      () => dialog.current?.close(),
      (thrown: RequestError) => {
        setBusy(false);
        setError(thrown);
      },
    );
  };
  return (
    <dialog ref={dialog} class="dialog confirm" aria-labelledby="confirm-title" onClose={onClose}>
      <h2 id="confirm-title" class="panel-title">
        {title}
      </h2>
      <div class="confirm-text">{children}</div>
      {error && (
        <p class="notice notice-bad" role="alert">
          <b class="mono">{error.code}</b> {error.message}
        </p>
      )}
      <div class="confirm-actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          Keep
        </button>
        <button type="button" class="button button-bad" disabled={isBusy} onClick={confirm}>
          {action}
        </button>
      </div>
    </dialog>
  );
}
