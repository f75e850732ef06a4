import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, readBlocks } from './page.ts';

export interface RunOptions {
  /** Where its commands run. */
  readonly folder: string;
  /** What the page says → what stands for it here; longest first. */
  readonly replace: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
  readonly limitMs: number;
}

/** What a block wrote to stdout, by a piece of its text. Throws where no or more than one block holds it. */
export type Answers = (piece: string) => string;

/**
 * Does what a reader of the page does, in one bash, in order: `sh` blocks are run, `sh terminal until=TEXT` in a second
 * terminal until TEXT shows, blocks with `file=NAME` are written to that file; `text exact` must be what the block
 * before it printed. At the end the second terminal gets Ctrl-C. Rejects with the first block that fails.
 */
export async function runPage(markdown: string, options: RunOptions): Promise<Answers> {
  const blocks = readBlocks(replaceAll(markdown, options.replace)).filter(isDone);
  const logs = join(options.folder, '.page');
  mkdirSync(logs, { recursive: true });
  const script = join(logs, 'page.sh');
  writeFileSync(script, scriptOf(blocks, logs));
  await runScript(script, blocks, logs, options);
  for (const [index, block] of blocks.entries()) if (block.words.has('exact')) compare(blocks, index, logs);
  return (piece) => outputOf(blocks, piece, logs);
}

const isRun = (block: Block): boolean => block.language === 'sh';
const isDone = (block: Block): boolean => isRun(block) || block.words.has('file') || block.words.has('exact');

function replaceAll(markdown: string, replace: Readonly<Record<string, string>>): string {
  const longestFirst = Object.entries(replace).sort(([a], [b]) => b.length - a.length);
  return longestFirst.reduce((text, [from, to]) => text.replaceAll(from, to), markdown);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Job control is on, as at a terminal: a background job is a process group, and gets signals as one. */
function scriptOf(blocks: readonly Block[], logs: string): string {
  const head = [
    'set -emo pipefail',
    'terminals=()',
    `leave() { for pid in "\${terminals[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done; wait; }`,
    'trap leave EXIT',
  ];
  const gone = `while kill -0 -- "-$pid" 2>/dev/null; do sleep 0.1; done`;
  const tail = [`for pid in "\${terminals[@]}"; do kill -INT -- "-$pid"; ${gone}; done`, 'terminals=()'];
  const body = blocks.map((block, index) => `echo ${index} > ${quoted(join(logs, 'at'))}\n${step(block, index, logs)}`);
  return `${[...head, ...body, ...tail].join('\n')}\n`;
}

function step(block: Block, index: number, logs: string): string {
  const file = block.words.get('file');
  if (file !== undefined)
    return `mkdir -p "$(dirname ${quoted(file)})"\ncat > ${quoted(file)} <<'PAGE'\n${block.text}PAGE`;
  if (!isRun(block)) return ':';
  const [out, err] = ['out', 'err'].map((kind) => quoted(join(logs, `${index}.${kind}`)));
  if (!block.words.has('terminal')) return `{\n${block.text}} >${out} 2>${err}`;
  const text = quoted(block.words.get('until') ?? '');
  const wait = `until cat ${out} ${err} | grep -qF ${text}; do kill -0 "$!"; sleep 0.1; done`;
  return `{\n${block.text}} >${out} 2>${err} &\nterminals+=("$!")\n${wait}`;
}

async function runScript(
  script: string,
  blocks: readonly Block[],
  logs: string,
  { folder, env, limitMs }: RunOptions,
): Promise<void> {
  const child = spawn('bash', [script], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), limitMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  if (code === 0) return;
  const index = Number(read(join(logs, 'at')));
  const said = ['out', 'err'].map((kind) => read(join(logs, `${index}.${kind}`)).slice(-4_000)).join('');
  const end = code === null ? `was ended after ${limitMs} ms` : `failed with ${code}`;
  throw new Error(`the block of line ${blocks[index]?.line} ${end}:\n${blocks[index]?.text}\n${said}${complaints}`);
}

function compare(blocks: readonly Block[], index: number, logs: string): void {
  const printed = read(join(logs, `${index - 1}.out`));
  const { text = '', line } = blocks[index] ?? {};
  if (printed !== text)
    throw new Error(`line ${line} of the page says\n${text}\nbut the block before it printed\n${printed}`);
}

function outputOf(blocks: readonly Block[], piece: string, logs: string): string {
  const found = blocks.flatMap((block, index) => (isRun(block) && block.text.includes(piece) ? [index] : []));
  if (found.length !== 1) throw new Error(`${found.length} blocks of the page contain “${piece}”`);
  return read(join(logs, `${found[0]}.out`));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
