import type { Flow, PipelineInfo, PipelineStage } from '../api/answers.ts';
import { formatRate, formatShort } from '../lib/format.ts';
import { type GraphNode, layGraph } from '../lib/graph.ts';
import { linkTo } from '../lib/location.ts';
import { stageColour } from '../lib/palette.ts';

const node = { width: 208, height: 84 };
const gap = { x: 104, y: 36 };
const margin = 12;

const xOf = ({ column }: GraphNode): number => margin + column * (node.width + gap.x);
const yOf = ({ row }: GraphNode): number => margin + row * (node.height + gap.y);

/** Stages, and how many tasks a second go from one to the next. */
export function PipelineGraph({ pipeline, flow }: { pipeline: PipelineInfo; flow: Flow | undefined }) {
  const seconds = (flow?.windowMs ?? 1_000) / 1_000;
  const stages = pipeline.stages.map(({ name }) => name);
  const moves = flow?.edges.filter(({ to }) => to !== '') ?? [];
  const graph = layGraph(stages, moves);
  const width = 2 * margin + graph.columns * node.width + (graph.columns - 1) * gap.x;
  const height = 2 * margin + graph.rows * node.height + (graph.rows - 1) * gap.y;
  const highest = Math.max(1, ...moves.map(({ tasks }) => tasks));
  const placeOf = (name: string): GraphNode | undefined => graph.nodes.find((each) => each.name === name);
  const endsOf = (stage: string, outcomes: readonly string[]): number =>
    (flow?.edges ?? [])
      .filter(({ from, to, outcome }) => from === stage && to === '' && outcomes.includes(outcome))
      .reduce((sum, { tasks }) => sum + tasks, 0) / seconds;
  return (
    <div class="graph-scroll">
      <svg
        class="graph"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        aria-label={`Graph of ${pipeline.name}`}
      >
        <title>{`Graph of ${pipeline.name}`}</title>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX={7}
          refY={4}
          markerWidth={8}
          markerHeight={8}
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path class="arrow" d="M0 0L8 4L0 8z" />
        </marker>
        {graph.edges.map((edge) => {
          const from = placeOf(edge.from);
          const to = placeOf(edge.to);
          return (
            from &&
            to && (
              <Edge
                key={`${edge.from} ${edge.to}`}
                {...{ from, to, rate: edge.tasks / seconds, share: edge.tasks / highest }}
              />
            )
          );
        })}
        {pipeline.stages.map((stage, index) => {
          const at = placeOf(stage.name);
          return (
            at && (
              <StageNode
                key={stage.name}
                {...{ at, stage, pipeline: pipeline.name, colour: stageColour(index) }}
                done={endsOf(stage.name, ['ok'])}
                lost={endsOf(stage.name, ['dead', 'expired'])}
              />
            )
          );
        })}
      </svg>
    </div>
  );
}

function Edge({ from, to, rate, share }: { from: GraphNode; to: GraphNode; rate: number; share: number }) {
  const isBack = to.column <= from.column;
  const x1 = xOf(from) + node.width;
  const y1 = yOf(from) + node.height / 2;
  const x2 = xOf(to) + (isBack ? node.width : 0);
  const y2 = yOf(to) + node.height / 2 + (isBack ? 14 : 0);
  const bend = isBack ? gap.x * 0.6 : (x2 - x1) / 2;
  const end = isBack ? x2 + bend : x2 - bend;
  return (
    <g class="edge">
      <path
        d={`M${x1} ${y1}C${x1 + bend} ${y1} ${end} ${y2} ${x2} ${y2}`}
        stroke-width={1 + 2 * Math.sqrt(share)}
        marker-end="url(#arrow)"
      />
      <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 10} text-anchor="middle">
        {formatRate(rate)}/s
      </text>
    </g>
  );
}

interface StageNodeProps {
  readonly at: GraphNode;
  readonly stage: PipelineStage;
  readonly pipeline: string;
  readonly colour: string;
  /** Tasks a second that ended here, well and not. */
  readonly done: number;
  readonly lost: number;
}

function StageNode({ at, stage, pipeline, colour, done, lost }: StageNodeProps) {
  const [x, y] = [xOf(at), yOf(at)];
  return (
    <a class="node" href={linkTo('/throughput', { pipeline, stage: stage.name })} data-row>
      <rect x={x} y={y} width={node.width} height={node.height} rx={6} />
      <rect class={`node-mark ink-${colour}`} x={x} y={y + 12} width={3} height={node.height - 24} rx={1.5} />
      <text class="node-name" x={x + 16} y={y + 25}>
        {stage.name}
      </text>
      <text class="node-fact" x={x + 16} y={y + 46}>
        {`${formatShort(stage.lag)} waiting · ${formatShort(stage.inFlight)} running`}
      </text>
      <text class="node-fact" x={x + 16} y={y + 66}>
        {done > 0 && <tspan class="is-good">{formatRate(done)}/s done</tspan>}
        {done > 0 && lost > 0 && ' · '}
        {lost > 0 && <tspan class="is-bad">{formatRate(lost)}/s lost</tspan>}
      </text>
    </a>
  );
}
