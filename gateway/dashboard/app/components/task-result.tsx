import { useState } from 'preact/hooks';
import type { TaskDetail } from '../api/answers.ts';
import { taskPath } from '../api/paths.ts';
import { type RequestError, request } from '../api/request.ts';
import { formatBytes } from '../lib/format.ts';
import { saveFile } from '../lib/save-file.ts';
import { Copyable } from './copy-button.tsx';
import { Fact } from './fact.tsx';
import { JsonBlock } from './json-block.tsx';
import { Panel } from './panel.tsx';

/** What the task came to: a value to read, or an artefact to take along. */
export function TaskResult({ task }: { task: TaskDetail }) {
  const { blob, result } = task;
  return (
    <Panel title="Result" actions={<DownloadResult id={task.id} />}>
      {blob ? (
        <dl class="facts">
          <Fact name="Size">{formatBytes(blob.sizeBytes)}</Fact>
          <Fact name="Type">
            <bdi class="foreign">{blob.contentType}</bdi>
          </Fact>
          <Fact name="SHA-256">
            <Copyable text={blob.sha256} label="Copy the hash" />
          </Fact>
        </dl>
      ) : (
        <JsonBlock label="Result" value={result} />
      )}
    </Panel>
  );
}

/** Asked for with the token, which a plain link cannot carry. */
function DownloadResult({ id }: { id: string }) {
  const [state, setState] = useState<'idle' | 'busy' | RequestError>('idle');
  const download = async () => {
    setState('busy');
    const answer = await request(taskPath(id, '/result'));
    const named = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
    saveFile(named ?? 'result.json', await answer.blob());
    setState('idle');
  };
  return (
    <>
      {typeof state === 'object' && (
        <span class="is-bad" role="alert">
          {state.message}
        </span>
      )}
      <button type="button" class="button" disabled={state === 'busy'} onClick={() => void download().catch(setState)}>
        Download
      </button>
    </>
  );
}
