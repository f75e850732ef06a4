import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { PenstockError } from '../../schemas/errors.ts';
import { addConfigFlags, configOf } from '../config-flags.ts';
import { interactiveTimeoutMs, openBroker, openClickHouse } from '../connect.ts';
import { endSoon } from '../end-soon.ts';
import { loadPipelines, moduleFlag, modulesOf } from '../load-pipelines.ts';
import { createLogger } from '../logger.ts';
import { isLively, printData } from '../output.ts';
import { parseCount } from '../parse-time.ts';
import { fitScreen } from '../stats/fit-screen.ts';
import type { TopLine } from '../stats/top-view.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface TopFlags {
  readonly interval: number;
  readonly once?: true;
  readonly json?: true;
  readonly module?: readonly string[];
}

export function registerTop(program: Command): void {
  const command = program.command('top').description('watch what each stage does: rates, times, lag and its end');
  addConfigFlags(command, ['brokers', 'clickhouseUrl', 'clickhouseUser', 'clickhouseDatabase'])
    .option('--interval <seconds>', 'between two looks', parseCount(1, 3_600), 2)
    .option('--once', 'look once; so does a pipe')
    .option('--json', 'look once, print it as JSON')
    .option(...moduleFlag)
    .action(runTop);
}

async function runTop(flags: TopFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const logger = createLogger('top', 'silent');
  const { openTop } = await import('../stats/open-top.ts');
  const { describeTop } = await import('../stats/top-view.ts');
  const pipelines = await loadPipelines(config, modulesOf(flags));
  const clickhouse = await openClickHouse(config, { requestTimeoutMs: interactiveTimeoutMs });
  const top = openTop({ broker: await openBroker(config, 'top', logger), clickhouse, pipelines });
  try {
    const isOnce = flags.once === true || flags.json === true || !isLively(process.stdout);
    if (isOnce) printOnce(await top.look(), flags.json === true, describeTop);
    else await watch(top.look, describeTop, flags.interval * 1_000);
  } finally {
    await Promise.all([top.close(), clickhouse.close()]);
    endSoon();
  }
}

type Describe = (lines: readonly TopLine[]) => string;

function printOnce(lines: readonly TopLine[], json: boolean, describe: Describe): void {
  printData(lines, { json, text: () => describe(lines) });
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearScreen = '\u001b[2J';

/** The first look may fail; after it, a look that fails for a while is told above what was seen last. */
async function watch(look: () => Promise<readonly TopLine[]>, describe: Describe, everyMs: number): Promise<void> {
  const ended = new AbortController();
  void untilInterrupted().then(() => ended.abort());
  let seen = describe(await look());
  const pace = `every ${everyMs / 1_000} s`;
  let note = pace;
  process.stdout.write(hideCursor + clearScreen);
  try {
    for (;;) {
      draw(`${new Date().toISOString()}   penstock top, ${note}\n${seen}`);
      await delay(everyMs, undefined, { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
      try {
        seen = describe(await look());
        note = pace;
      } catch (error) {
        if (!(error instanceof PenstockError && error.retryable)) throw error;
        note = `not now: ${error.message}`;
      }
    }
  } finally {
    process.stdout.write(showCursor);
  }
}

/** Moves home and writes over what is there: a cleared screen would flicker. */
function draw(text: string): void {
  const shown = fitScreen(text, process.stdout);
  process.stdout.write(`\u001b[H${shown.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`);
}
