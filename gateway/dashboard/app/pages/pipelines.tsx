import type { Flow, PipelineInfo, PipelineStage } from '../api/answers.ts';
import { pipelinePath } from '../api/paths.ts';
import { type Answer, useAnswer } from '../api/use-answer.ts';
import { Fact } from '../components/fact.tsx';
import { JsonBlock } from '../components/json-block.tsx';
import { PageHead } from '../components/page-head.tsx';
import { Panel } from '../components/panel.tsx';
import { usePipeline, WindowPicker } from '../components/pickers.tsx';
import { PipelineGraph } from '../components/pipeline-graph.tsx';
import { Loaded } from '../components/states.tsx';
import { place } from '../lib/location.ts';
import { readWindow } from '../lib/window.ts';

/** What there is, how it hangs together, and what each stage takes. */
export function PipelinesPage() {
  const { list } = usePipeline();
  return (
    <>
      <PageHead title="Pipelines">
        <WindowPicker />
      </PageHead>
      <Loaded answer={list} height={400}>
        {({ pipelines }) => (
          <div class="stack">
            {pipelines.map((pipeline) => (
              <PipelinePanel key={pipeline.name} pipeline={pipeline} />
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

function PipelinePanel({ pipeline }: { pipeline: PipelineInfo }) {
  const { span } = readWindow(place.value.query);
  const flow: Answer<Flow> = useAnswer(pipelinePath(pipeline.name, 'flow', { window: span }));
  return (
    <Panel title={pipeline.name} hint={`tasks a second over ${span}`} sql={flow.data?.sql}>
      <PipelineGraph pipeline={pipeline} flow={flow.data} />
      <div>
        {pipeline.stages.map((stage) => (
          <StageFacts key={stage.name} stage={stage} />
        ))}
      </div>
    </Panel>
  );
}

function StageFacts({ stage }: { stage: PipelineStage }) {
  return (
    <details class="disclosure">
      <summary>
        <b>{stage.name}</b> <span class="hint mono">{stage.topic}</span>
      </summary>
      <dl class="facts">
        <Fact name="Consumer group">
          <span class="mono">{stage.group}</span>
        </Fact>
        <Fact name="Dead letters">
          <span class="mono">{stage.deadLetterTopic}</span>
        </Fact>
        <Fact name="Payload">
          <JsonBlock label={`Schema of ${stage.name}`} value={stage.input} />
        </Fact>
      </dl>
    </details>
  );
}
