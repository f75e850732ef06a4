import type { PipelineInfo, PipelineList } from '../api/answers.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { formatSpan, formatTime } from '../lib/format.ts';
import { place, setQuery } from '../lib/location.ts';
import { zone } from '../lib/settings.ts';
import { readWindow, spans } from '../lib/window.ts';
import { Segments } from './segments.tsx';

export interface PickedPipeline {
  readonly list: Answer<PipelineList>;
  readonly pipelines: readonly PipelineInfo[];
  /** That of the URL, else the first. */
  readonly pipeline: PipelineInfo | undefined;
}

export function usePipeline(): PickedPipeline {
  const list = useAnswer<PipelineList>('/v1/pipelines');
  const pipelines = list.data?.pipelines ?? [];
  const wanted = place.value.query.get('pipeline');
  return { list, pipelines, pipeline: pipelines.find(({ name }) => name === wanted) ?? pipelines[0] };
}

/** Nothing to pick among where there is one. */
export function PipelinePicker({ pipelines, pipeline }: PickedPipeline) {
  if (pipelines.length < 2 || !pipeline) return null;
  return (
    <Select
      label="Pipeline"
      value={pipeline.name}
      choices={pipelines.map(({ name }) => [name, name])}
      onChange={(name) => setQuery({ pipeline: name, stage: undefined })}
    />
  );
}

export function StagePicker({ pipeline }: { pipeline: PipelineInfo | undefined }) {
  if (!pipeline) return null;
  const choices: (readonly [string, string])[] = [['', 'All stages']];
  choices.push(...pipeline.stages.map(({ name }) => [name, name] as const));
  const value = place.value.query.get('stage') ?? '';
  return <Select label="Stage" value={value} choices={choices} onChange={(stage) => setQuery({ stage })} />;
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  /** Value, and what is shown. */
  readonly choices: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

export function Select({ label, value, choices, onChange }: SelectProps) {
  return (
    <select class="select" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {choices.map(([each, shown]) => (
        <option key={each} value={each}>
          {shown}
        </option>
      ))}
    </select>
  );
}

/** How far back; after a brush, what was brushed and the way back to now. */
export function WindowPicker() {
  const shown = readWindow(place.value.query);
  if (shown.untilMs !== undefined) {
    return (
      <div class="zoomed">
        <span class="num">
          {formatTime(shown.untilMs - shown.spanMs, zone.value)} + {formatSpan(shown.spanMs)}
        </span>
        <button type="button" class="button" onClick={() => setQuery({ window: undefined, until: undefined })}>
          Back to now
        </button>
      </div>
    );
  }
  return (
    <Segments
      name="How far back"
      value={shown.span}
      choices={spans.map((span) => ({ value: span, label: span }))}
      onChange={(window) => setQuery({ window })}
    />
  );
}
