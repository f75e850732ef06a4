import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvelope } from '../../../schemas/envelope.ts';
import { connectKafka } from '../../../topics/client.ts';
import { stageTopic } from '../../../topics/names.ts';
import { readTopic } from '../../chaos/world/read-topic.ts';
import { type Child, startChild } from '../child.ts';
import { type BenchStack, withStack } from '../engine/bench-stack.ts';
import type { Workload } from '../engine/workload.ts';
import { type BenchOptions, type Measure, percentile, type Report } from '../report.ts';
import type { Flood, Hammered } from './processes/caller.ts';

const workload: Workload = { kind: 'no-op', pipeline: 'bench', output: false, isAsync: false };
const topic = stageTopic('bench', 'first');

const sizes = { full: { steadySeconds: 300, floodSeconds: 30 }, quick: { steadySeconds: 30, floodSeconds: 10 } };
const warmUpSeconds = 5;
const sampleMs = 2_000;
/** A gateway is at its end with a thousand connections that post without a pause. */
const floodConnections = 3_000;
const megabytes = 'MiB';

/** POST at half load for minutes: is the memory flat? Then three times as many callers as it can serve, with a ledger. */
export async function benchGatewayLoad({ quick }: BenchOptions): Promise<Report> {
  const { steadySeconds, floodSeconds } = quick ? sizes.quick : sizes.full;
  const measures: Measure[] = [];
  const notes: string[] = [];
  await withStack(async (stack) => {
    await stack.prepare(workload);
    const gateway = await startChild(new URL('./processes/gateway', import.meta.url));
    const caller = await startChild(new URL('./processes/caller', import.meta.url));
    try {
      const url = await gateway.call<string>('start', { place: stack.place, workload });
      measures.push(...(await steady(gateway, caller, { url, seconds: steadySeconds })));
      const flood = await caller.call<Flood>('flood', { url, connections: floodConnections, seconds: floodSeconds });
      measures.push(...overloadMeasures(flood, await idsIn(stack), floodSeconds));
      notes.push(
        `overload: answers by status ${JSON.stringify(flood.statuses)}, failures ${JSON.stringify(flood.reasons)}`,
      );
      await gateway.call('stop');
    } finally {
      await Promise.all([gateway.end(), caller.end()]);
    }
  });
  return { title: 'Gateway under load: 100-byte tasks', measures, notes };
}

async function steady(gateway: Child, caller: Child, { url, seconds }: { url: string; seconds: number }) {
  const most = await caller.call<Hammered>('hammer', { url, connections: 100, seconds: warmUpSeconds });
  const perSecond = Math.round(most.perSecond / 2);
  let isOver = false;
  const posted = caller.call<Hammered>('hammer', { url, connections: 100, seconds, perSecond }).finally(() => {
    isOver = true;
  });
  const residentMb: number[] = [];
  while (!isOver) {
    residentMb.push(await gateway.residentMb());
    await sleep(sampleMs);
  }
  const { failed, perSecond: seen, p99Ms } = await posted;
  const third = Math.floor(residentMb.length / 3);
  const what = 'half load: resident';
  return [
    { what: 'half load', unit: 'tasks/s', values: [seen] },
    { what: 'half load: p99', unit: 'ms', values: [p99Ms] },
    { what: 'half load: failed', unit: '', values: [failed], target: { atMost: 0 } },
    { what: `${what}, first third`, unit: megabytes, values: residentMb.slice(0, third) },
    { what: `${what}, second third`, unit: megabytes, values: residentMb.slice(third, 2 * third) },
    { what: `${what}, last third`, unit: megabytes, values: residentMb.slice(2 * third) },
  ];
}

function overloadMeasures(flood: Flood, written: ReadonlySet<string>, seconds: number): Measure[] {
  const p99 = (times: readonly number[]) =>
    percentile(
      [...times].sort((a, b) => a - b),
      0.99,
    );
  const { accepted, acceptedMs, refusedMs, statuses, failed } = flood;
  const total = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const honest = [202, 429, 503].reduce((sum, status) => sum + (statuses[status] ?? 0), 0);
  const zero = { atMost: 0 };
  return [
    { what: 'overload: accepted', unit: 'tasks/s', values: [accepted.length / seconds] },
    { what: 'overload: refused (429, 503)', unit: '/s', values: [(honest - accepted.length) / seconds] },
    { what: 'overload: p99 of accepted', unit: 'ms', values: [p99(acceptedMs)] },
    { what: 'overload: p99 of refused', unit: 'ms', values: [p99(refusedMs)] },
    { what: 'overload: other answers', unit: '', values: [total - honest], target: zero },
    { what: 'overload: connections that failed', unit: '', values: [failed], target: zero },
    {
      what: 'overload: accepted and lost',
      unit: '',
      values: [accepted.filter((id) => !written.has(id)).length],
      target: zero,
    },
  ];
}

async function idsIn({ place }: BenchStack): Promise<ReadonlySet<string>> {
  const broker = connectKafka({ brokers: place.brokers, clientId: 'bench-ledger' });
  const admin = await broker.admin();
  const ids = new Set<string>();
  await readTopic(broker, admin, topic, (partition, { headers, offset, timestampMs }) => {
    ids.add(readEnvelope(headers, { ...partition, offset }, timestampMs).id);
  });
  await admin.close();
  return ids;
}
