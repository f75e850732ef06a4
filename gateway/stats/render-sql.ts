import type { Query } from '../history/queries.ts';

/** The statement with its values in it, ready for `penstock sql`: what an answer carries to say where it comes from. */
export function renderSql({ sql, params }: Query): string {
  return sql.replaceAll(/\{(\w+): (\w+)\}/g, (slot, name: string, type: string) => {
    const value = params[name];
    if (value === undefined) return slot;
    return type === 'String' ? literal(String(value)) : String(Number(value));
  });
}

/** Only the backslash and the quote can leave a literal; what a terminal would act on is escaped too. */
function literal(text: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `'${safe.replaceAll(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`;
}
