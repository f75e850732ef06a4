import type { Command } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { moduleFlag } from '../load-pipelines.ts';
import type { TopicsFlags } from '../topics/topics-flags.ts';

type Flags = TopicsFlags & Readonly<Record<string, unknown>>;

export function registerTopics(program: Command): void {
  const topics = program.command('topics').description('the topics of the pipelines: list, make, compare');
  add(topics, 'list', 'the topics that the pipelines need, and what is in Kafka', async (flags) => {
    const { listTopics } = await import('../topics/list-topics.ts');
    await listTopics(configOf(flags), flags);
  });
  add(topics, 'provision', 'make what is missing, add partitions, set retention; never takes away', async (flags) => {
    const { provision } = await import('../topics/provision-topics.ts');
    await provision(configOf(flags), flags);
  });
  add(topics, 'check', 'compare with Kafka and change nothing; exit code 1 where they differ', async (flags) => {
    const { checkTopics } = await import('../topics/provision-topics.ts');
    await checkTopics(configOf(flags), flags);
  });
}

function add(topics: Command, name: string, description: string, run: (flags: Flags) => Promise<void>): void {
  addConfigFlags(topics.command(name).description(description), connectionFlags)
    .option(...moduleFlag)
    .option('--json', 'print it as JSON')
    .action(run);
}
