import type { Logger } from 'pino';
import type { Config } from '../../schemas/config.ts';
import { type CataloguedPipeline, topicsOf } from '../../topics/catalogue.ts';
import {
  type Drift,
  type ProvisionPlan,
  type ProvisionReport,
  type ProvisionStep,
  planProvisioning,
  provisionTopics,
} from '../../topics/provision.ts';
import { openBroker, withAdmin } from '../connect.ts';
import { countOf } from '../count-of.ts';
import { loadPipelines, modulesOf } from '../load-pipelines.ts';
import { createCommandLogger } from '../logger.ts';
import { printData } from '../output.ts';
import { textTable } from '../text-table.ts';
import type { TopicsFlags } from './topics-flags.ts';

/** Makes the topics that these pipelines need. */
export async function provisionPipelines(
  config: Config,
  pipelines: readonly CataloguedPipeline[],
  logger: Logger,
): Promise<ProvisionReport> {
  const broker = await openBroker(config, 'provision', logger);
  return withAdmin(broker, (admin) => provisionTopics(admin, topicsOf(pipelines)));
}

export async function provision(config: Config, flags: TopicsFlags): Promise<void> {
  const pipelines = await loadPipelines(config, modulesOf(flags));
  const report = await provisionPipelines(config, pipelines, createCommandLogger('topics', config.logLevel));
  printData(report, { json: flags.json === true, text: () => describe(report, 'done') });
}

/** Exit code 1 where Kafka is not as the catalogue wants it. */
export async function checkTopics(config: Config, flags: TopicsFlags): Promise<void> {
  const specs = topicsOf(await loadPipelines(config, modulesOf(flags)));
  const broker = await openBroker(config, 'topics', createCommandLogger('topics', config.logLevel));
  const existing = await withAdmin(broker, (admin) => admin.describeTopics(specs.map(({ name }) => name)));
  const plan = planProvisioning(specs, existing);
  printData(plan, { json: flags.json === true, text: () => describe(plan, 'to do') });
  if (plan.steps.length + plan.drift.length > 0) process.exitCode = 1;
}

function describe({ steps, drift }: ProvisionPlan, done: string): string {
  if (steps.length + drift.length === 0) return 'all topics are as the pipelines need them';
  const rows = [...steps.map(describeStep), ...drift.map(describeDrift)];
  return textTable(['topic', done, 'what'], rows);
}

function describeStep(step: ProvisionStep): string[] {
  switch (step.kind) {
    case 'create':
      return [step.topic, 'create', countOf(step.spec.partitions, 'partition')];
    case 'grow':
      return [step.topic, 'grow', `${step.from} → ${countOf(step.to, 'partition')}`];
    case 'alter':
      return [
        step.topic,
        'alter',
        step.changes.map(({ name, from, to }) => `${name} ${from ?? 'unset'} → ${to}`).join(', '),
      ];
  }
}

function describeDrift({ topic, partitions, wanted }: Drift): string[] {
  return [topic, 'left as it is', `${countOf(partitions, 'partition')}, ${wanted} wanted: Kafka cannot shrink a topic`];
}
