import { ClickHouseFault, notImplementedFault } from './fault.ts';
import { isMark, type Token } from './tokens.ts';

/**
 * Puts the values of `{name:Type}` into the text, as the server itself does: a literal under a cast. The engine's own
 * binding is not used: it runs one parameterized query at a time in the whole process, however many connections there
 * are.
 */
export function fillParameters(sql: string, tokens: readonly Token[], values: ReadonlyMap<string, string>): string {
  let filled = '';
  let copied = 0;
  tokens.forEach((token, index) => {
    const slot = token.start < copied ? undefined : slotAt(sql, tokens, index);
    if (!slot) return;
    filled += sql.slice(copied, token.start) + literalOf(slot, values);
    copied = slot.end;
  });
  return filled + sql.slice(copied);
}

interface Slot {
  readonly name: string;
  readonly type: string;
  readonly end: number;
}

function slotAt(sql: string, tokens: readonly Token[], index: number): Slot | undefined {
  const [open, name, colon] = tokens.slice(index, index + 3);
  if (!isMark(open, '{') || name?.kind !== 'word' || colon === undefined || !isMark(colon, ':')) return undefined;
  const close = tokens.slice(index + 3).find((token) => isMark(token, '}'));
  if (!close) return undefined;
  return { name: name.text, type: sql.slice(colon.end, close.start).trim(), end: close.end };
}

function literalOf({ name, type }: Slot, values: ReadonlyMap<string, string>): string {
  const value = values.get(name);
  if (value === undefined) {
    throw new ClickHouseFault(456, 'UNKNOWN_QUERY_PARAMETER', `Substitution \`${name}\` is not set`);
  }
  if (type === 'Identifier') return identifier(value);
  if (value === '\\N' && /\bNullable\(|^Nothing|^Dynamic/.test(type)) return `_CAST(NULL, ${quote(type)})`;
  if (/\bMap\(/.test(type)) throw notImplementedFault(`A parameter of type ${type} is not read here; give two arrays`);
  const isComposite = /^(?:Array|Tuple|Nested|Variant|JSON)\b/.test(type);
  const text = isComposite ? value : unescapeText(value);
  return type === 'String' ? quote(text) : `_CAST(${quote(text)}, ${quote(type)})`;
}

const identifier = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '``')}\``;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '0': '\0' };

/** Parameter values travel escaped as in tab-separated data. */
function unescapeText(value: string): string {
  return value.replace(/\\(.)/gs, (_whole, char: string) => escapes[char] ?? char);
}

/** A SQL string literal. Only the backslash and the quote can leave it. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
