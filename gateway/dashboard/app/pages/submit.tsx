import { useState } from 'preact/hooks';
import type { PipelineStage } from '../api/answers.ts';
import type { RequestError } from '../api/request.ts';
import { may } from '../api/session.ts';
import { useSubmission } from '../api/use-submission.ts';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { Field, PayloadForm } from '../components/payload-form.tsx';
import { PipelinePicker, Select, usePipeline } from '../components/pickers.tsx';
import { Segments } from '../components/segments.tsx';
import { SentTask } from '../components/sent-task.tsx';
import { Loaded } from '../components/states.tsx';
import { place, setQuery } from '../lib/location.ts';
import { type FormField, fieldsOf, payloadOf } from '../lib/schema-form.ts';

/** One task, put in by hand: a form made from the stage's schema, or JSON. */
export function SubmitPage() {
  // Who may only submit is not told what there is.
  return may('read') ? <SubmitToKnown /> : <SubmitByName />;
}

function SubmitToKnown() {
  const picked = usePipeline();
  const wanted = place.value.query.get('stage');
  const stages = picked.pipeline?.stages ?? [];
  const stage = stages.find(({ name }) => name === wanted) ?? stages[0];
  return (
    <>
      <PageHead title="Submit">
        <PipelinePicker {...picked} />
        {stage && (
          <Select
            label="Stage"
            value={stage.name}
            choices={stages.map(({ name }, index) => [name, index === 0 ? `${name} (first)` : name])}
            onChange={(name) => setQuery({ stage: name })}
          />
        )}
      </PageHead>
      <Loaded answer={picked.list} height={320}>
        {() =>
          picked.pipeline && stage && <SubmitForm key={stage.topic} pipeline={picked.pipeline.name} stage={stage} />
        }
      </Loaded>
    </>
  );
}

function SubmitByName() {
  const [pipeline, setPipeline] = useState('');
  return (
    <>
      <PageHead title="Submit" />
      <SubmitForm pipeline={pipeline} onPipeline={setPipeline} />
    </>
  );
}

interface SubmitFormProps {
  readonly pipeline: string;
  readonly stage?: PipelineStage;
  /** Where the pipeline is written by hand. */
  readonly onPipeline?: (name: string) => void;
}

function SubmitForm({ pipeline, stage, onPipeline }: SubmitFormProps) {
  const submission = useSubmission();
  const fields = stage ? fieldsOf(stage.input) : [];
  const [way, setWay] = useState<'form' | 'json'>(fields.length > 0 ? 'form' : 'json');
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  const [json, setJson] = useState('{}');
  const [key, setKey] = useState('');
  const [own, setOwn] = useState<ReadonlyMap<string, string>>(new Map());
  const send = (event: Event) => {
    event.preventDefault();
    const { payload, problems } = way === 'form' ? payloadOf(fields, texts) : readJson(json);
    setOwn(problems);
    submission.forget();
    if (problems.size === 0) submission.send({ pipeline, key, ...(stage && { stage: stage.name }) }, payload);
  };
  const turn = (next: string) => {
    if (next === 'json' && way === 'form') setJson(JSON.stringify(payloadOf(fields, texts).payload, null, 2));
    setWay(next === 'json' ? 'json' : 'form');
    setOwn(new Map());
  };
  return (
    <div class="stack">
      <SentTask submission={submission} />
      <Panel
        title={stage ? `${pipeline}.${stage.name}` : 'A task'}
        actions={
          fields.length > 0 && (
            <Segments
              name="Write the payload as"
              value={way}
              choices={[
                { value: 'form', label: 'Form' },
                { value: 'json', label: 'JSON' },
              ]}
              onChange={turn}
            />
          )
        }
      >
        <form class="submit-form" onSubmit={send}>
          {onPipeline && <Field field={pipelineField} text={pipeline} onChange={onPipeline} />}
          {way === 'form' ? (
            <PayloadForm
              fields={fields}
              texts={texts}
              problems={new Map([...placesOf(submission), ...own])}
              onChange={setTexts}
            />
          ) : (
            <Field field={jsonField} text={json} problem={own.get('')} onChange={setJson} />
          )}
          <Field field={keyField} text={key} onChange={setKey} />
          <button type="submit" class="button button-main" disabled={submission.isBusy}>
            Submit 1 task
          </button>
        </form>
      </Panel>
    </div>
  );
}

const plain = { doc: '', kind: 'text', choices: [], isOptional: false, empty: 'text', hint: '' } as const;
const pipelineField: FormField = { ...plain, pointer: '-pipeline', name: 'Pipeline' };
const jsonField: FormField = { ...plain, pointer: '-json', name: 'Payload', kind: 'json', hint: 'JSON' };
const keyField: FormField = { ...plain, pointer: '-key', name: 'Ordering key', hint: 'empty: the task’s id' };

const placesOf = ({ error }: { readonly error: RequestError | undefined }): [string, string][] =>
  (error?.places ?? []).map(({ pointer, detail }) => [pointer, detail]);

function readJson(text: string): { payload: unknown; problems: ReadonlyMap<string, string> } {
  const refuse = (why: string) => ({ payload: undefined, problems: new Map([['', why]]) });
  try {
    const payload: unknown = JSON.parse(text);
    // A list would be many tasks.
    return Array.isArray(payload) ? refuse('must be one JSON object') : { payload, problems: new Map() };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'must be JSON');
  }
}
