import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { watchContention } from './contention.ts';
import { benchDashboard } from './dashboard/dashboard.ts';
import { benchAttemptsCost } from './engine/attempts-cost.ts';
import { benchBacklog } from './engine/backlog.ts';
import { benchIdle } from './engine/idle.ts';
import { benchKeyOrder } from './engine/key-order.ts';
import { benchLatency } from './engine/latency.ts';
import { benchNoOp, benchNoOpSink } from './engine/no-op.ts';
import { benchSlots } from './engine/slots.ts';
import { benchLargeCsv } from './files/large-csv.ts';
import { benchFiles } from './files/throughput.ts';
import { benchGateway } from './gateway/gateway.ts';
import { type BenchOptions, describeReport, type Report, reportAsJson } from './report.ts';
import { benchSinkCost } from './stats/sink-cost.ts';
import { benchStats } from './stats/stats.ts';

const benchmarks: Readonly<Record<string, (options: BenchOptions) => Promise<Report>>> = {
  'no-op': benchNoOp,
  'no-op-sink': benchNoOpSink,
  'attempts-cost': benchAttemptsCost,
  'key-order': benchKeyOrder,
  slots: benchSlots,
  latency: benchLatency,
  backlog: benchBacklog,
  idle: benchIdle,
  gateway: benchGateway,
  files: benchFiles,
  'large-csv': benchLargeCsv,
  stats: benchStats,
  'sink-cost': benchSinkCost,
  dashboard: benchDashboard,
};

const usage = `npm run bench -- [name…] [--quick] [--json]\nnames: ${Object.keys(benchmarks).join(', ')}\n`;

/** `npm run bench`: all of them; `npm run bench -- no-op`: one; `--quick`: shorter; `--json`: a line of JSON for each. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const unknown = positionals.find((name) => !(name in benchmarks));
  if (unknown !== undefined) {
    process.stderr.write(`no benchmark “${unknown}”\n${usage}`);
    process.exitCode = 2;
    return;
  }
  for (const [name, bench] of Object.entries(benchmarks)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    process.stderr.write(`• ${name} (load ${loadavg()[0]?.toFixed(1)})\n`);
    const contention = watchContention();
    const report = await bench({ quick: values.quick });
    const foreignCores = await contention.stop();
    const json = reportAsJson(name, report, foreignCores);
    process.stdout.write(values.json ? `${JSON.stringify(json)}\n` : `${describeReport(report, foreignCores)}\n\n`);
  }
}

await main();
