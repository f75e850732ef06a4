import { useState } from 'preact/hooks';
import { taskPath } from '../api/paths.ts';
import { requestJson } from '../api/request.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';

export function CancelTask({ id }: { id: string }) {
  const [step, setStep] = useState<'idle' | 'asking' | 'ordered'>('idle');
  const cancel = async () => {
    await requestJson(taskPath(id), { method: 'DELETE' });
    setStep('ordered');
  };
  if (step === 'ordered') {
    return (
      <span class="badge badge-warn" role="status">
        cancel ordered
      </span>
    );
  }
  return (
    <>
      <button type="button" class="button button-bad" onClick={() => setStep('asking')}>
        Cancel
      </button>
      {step === 'asking' && (
        <ConfirmDialog
          title="Cancel 1 task?"
          action="Cancel 1 task"
          onConfirm={cancel}
          onClose={() => setStep((now) => (now === 'asking' ? 'idle' : now))}
        >
          <p>
            Nothing more is run of <bdi class="mono">{id}</bdi>, and of what it fanned out into. What is done stays
            done.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
