import type { Admin, TopicSpec, TopicState } from './ports.ts';

export type ProvisionStep =
  | { readonly kind: 'create'; readonly topic: string; readonly spec: TopicSpec }
  | { readonly kind: 'grow'; readonly topic: string; readonly from: number; readonly to: number }
  | {
      readonly kind: 'alter';
      readonly topic: string;
      readonly changes: readonly { readonly name: string; readonly from: string | null; readonly to: string }[];
    };

/** A difference that is left as it is. Kafka cannot shrink a topic, and keys would move if it could. */
export interface Drift {
  readonly topic: string;
  readonly partitions: number;
  readonly wanted: number;
}

export interface ProvisionPlan {
  readonly steps: readonly ProvisionStep[];
  readonly drift: readonly Drift[];
}

export interface ProvisionReport extends ProvisionPlan {
  /** Topics that were already as wanted. */
  readonly unchanged: readonly string[];
}

export interface ProvisionOptions {
  /** Of topics that are created. Default: the broker's own default. */
  readonly replicationFactor?: number;
}

/** Configuration that the spec does not name is the operator's and stays. */
export function planProvisioning(wanted: readonly TopicSpec[], existing: readonly TopicState[]): ProvisionPlan {
  const known = new Map(existing.map((state) => [state.name, state]));
  const steps: ProvisionStep[] = [];
  const drift: Drift[] = [];
  for (const spec of wanted) {
    const state = known.get(spec.name);
    if (!state) {
      steps.push({ kind: 'create', topic: spec.name, spec });
      continue;
    }
    steps.push(...stepsTo(spec, state));
    if (state.partitions > spec.partitions) {
      drift.push({ topic: spec.name, partitions: state.partitions, wanted: spec.partitions });
    }
  }
  return { steps, drift };
}

function stepsTo(spec: TopicSpec, state: TopicState): ProvisionStep[] {
  const steps: ProvisionStep[] = [];
  if (state.partitions < spec.partitions) {
    steps.push({ kind: 'grow', topic: spec.name, from: state.partitions, to: spec.partitions });
  }
  const changes = Object.entries(spec.config).flatMap(([name, to]) => {
    const from = state.config[name] ?? null;
    return from === to ? [] : [{ name, from, to }];
  });
  if (changes.length > 0) steps.push({ kind: 'alter', topic: spec.name, changes });
  return steps;
}

/** Reads, plans, does. Safe to run again and by several at once. */
export async function provisionTopics(
  admin: Admin,
  specs: readonly TopicSpec[],
  options: ProvisionOptions = {},
): Promise<ProvisionReport> {
  const existing = await admin.describeTopics(specs.map(({ name }) => name));
  const plan = planProvisioning(specs, existing);
  const created = plan.steps.flatMap((step) => (step.kind === 'create' ? [step.spec] : []));
  await admin.createTopics(created.map((spec) => ({ ...spec, ...options })));
  for (const step of plan.steps) await take(admin, step);
  const touched = new Set(plan.steps.map(({ topic }) => topic));
  return { ...plan, unchanged: specs.map(({ name }) => name).filter((name) => !touched.has(name)) };
}

async function take(admin: Admin, step: ProvisionStep): Promise<void> {
  if (step.kind === 'grow') await admin.growPartitions(step.topic, step.to);
  if (step.kind === 'alter') {
    const config = Object.fromEntries(step.changes.map(({ name, to }) => [name, to]));
    await admin.alterTopicConfig(step.topic, config);
  }
}
