import type { Config } from '../../schemas/config.ts';
import { topicsOf } from '../../topics/catalogue.ts';
import type { Admin, TopicState } from '../../topics/ports.ts';
import { openBroker, withAdmin } from '../connect.ts';
import { countOf } from '../count-of.ts';
import { loadPipelines, modulesOf } from '../load-pipelines.ts';
import { createCommandLogger } from '../logger.ts';
import { printData } from '../output.ts';
import { textTable } from '../text-table.ts';
import type { TopicsFlags } from './topics-flags.ts';

interface ListedTopic {
  readonly topic: string;
  /** null: there is none of that name yet. */
  readonly partitions: number | null;
  /** Stored now: between the first and the last offset. */
  readonly records: number;
  readonly config: Readonly<Record<string, string>>;
}

export async function listTopics(config: Config, flags: TopicsFlags): Promise<void> {
  const names = topicsOf(await loadPipelines(config, modulesOf(flags))).map(({ name }) => name);
  const broker = await openBroker(config, 'topics', createCommandLogger('topics', config.logLevel));
  const listed = await withAdmin(broker, async (admin) => {
    const states = await admin.describeTopics(names);
    return Promise.all(names.map((name) => listTopic(admin, name, states)));
  });
  printData(listed, { json: flags.json === true, text: () => describe(listed) });
}

async function listTopic(admin: Admin, topic: string, states: readonly TopicState[]): Promise<ListedTopic> {
  const state = states.find(({ name }) => name === topic);
  if (!state) return { topic, partitions: null, records: 0, config: {} };
  const offsets = await admin.offsets(topic);
  const records = offsets.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
  return { topic, partitions: state.partitions, records, config: state.config };
}

function describe(listed: readonly ListedTopic[]): string {
  return textTable(
    ['topic', 'partitions', 'records', 'kept'],
    listed.map(({ topic, partitions, records, config }) => [
      topic,
      partitions === null ? 'missing' : String(partitions),
      records,
      kept(config),
    ]),
  );
}

const msOfDay = 86_400_000;

function kept(config: Readonly<Record<string, string>>): string {
  if (config['cleanup.policy'] === 'compact') return 'the last of each key';
  const retention = config['retention.ms'];
  return retention === undefined ? '' : countOf(Math.round(Number(retention) / msOfDay), 'day');
}
