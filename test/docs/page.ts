/** One fenced block of a page. */
export interface Block {
  /** First word of the info string: sh, ts, text, … */
  readonly language: string;
  /** The other words: `file=notes.ts` gives file → notes.ts, `exact` gives exact → ''. */
  readonly words: ReadonlyMap<string, string>;
  readonly text: string;
  /** Line of the page where its fence opens, from 1. */
  readonly line: number;
}

const fence = /^```(.*)$/;

/** The fenced blocks of a Markdown page, in order. Throws where a fence stays open. */
export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, info] = fence.exec(line) ?? [];
    if (open && info === undefined) open.lines.push(line);
    else if (open && info === '') {
      blocks.push(makeBlock(open));
      open = undefined;
    } else if (info !== undefined) open = { info, line: index + 1, lines: [] };
  }
  if (open) throw new Error(`the fence of line ${open.line} is never closed`);
  return blocks;
}

function makeBlock({ info, line, lines }: { info: string; line: number; lines: readonly string[] }): Block {
  const [language = '', ...words] = info.trim().split(/\s+/);
  return { language, words: new Map(words.map(splitWord)), line, text: lines.map((each) => `${each}\n`).join('') };
}

function splitWord(word: string): [string, string] {
  const at = word.indexOf('=');
  return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
}

/** The part of a page under one heading, up to the next heading of the same or a higher rank. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`the page has no heading “${heading}”`);
  const rank = heading.indexOf(' ');
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${rank}} `).test(line));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join('\n');
}
