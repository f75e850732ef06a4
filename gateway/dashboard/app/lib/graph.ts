/** A pipeline as a graph in columns, left to right. */
export interface GraphNode {
  readonly name: string;
  readonly column: number;
  readonly row: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly tasks: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * A stage stands right of all that hand to it, unless it handed to them before: ways back do not count. Where nobody
 * has gone anywhere yet, stages stand in their order.
 */
export function layGraph(stages: readonly string[], edges: readonly GraphEdge[]): Graph {
  const known = edges.filter(({ from, to }) => stages.includes(from) && stages.includes(to) && from !== to);
  const forward = known.filter(({ from, to }) => stages.indexOf(from) < stages.indexOf(to));
  const columnOf = new Map<string, number>();
  for (const [index, stage] of stages.entries()) {
    const before = forward.filter(({ to }) => to === stage).map(({ from }) => columnOf.get(from) ?? 0);
    const unlinked = known.length === 0 ? index : 0;
    columnOf.set(stage, before.length === 0 ? unlinked : Math.max(...before) + 1);
  }
  const rowsUsed = new Map<number, number>();
  const nodes = stages.map((name) => {
    const column = columnOf.get(name) ?? 0;
    const row = rowsUsed.get(column) ?? 0;
    rowsUsed.set(column, row + 1);
    return { name, column, row };
  });
  return {
    nodes,
    edges: known,
    columns: Math.max(1, ...nodes.map(({ column }) => column + 1)),
    rows: Math.max(1, ...rowsUsed.values()),
  };
}
