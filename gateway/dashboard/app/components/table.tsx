import type { ComponentChildren } from 'preact';
import { linkHere, place } from '../lib/location.ts';

/** What its head says, and its looks: `right`, its width. */
export type Column = readonly [head: string, look?: string];

export interface TableProps {
  readonly label: string;
  readonly look: string;
  readonly columns: readonly Column[];
  readonly children: ComponentChildren;
}

/** Scrolls by itself where the page is narrow. */
export function Table({ label, look, columns, children }: TableProps) {
  return (
    <section class="table-scroll" aria-label={label}>
      <table class={`table ${look}`}>
        <thead>
          <tr>
            {columns.map(([head, look]) => (
              <th key={head} scope="col" class={look}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export interface OpeningRowProps {
  /** Parameter of the URL that says which row is open. */
  readonly name: string;
  readonly id: string;
  /** Columns. */
  readonly span: number;
  /** What it opens to. */
  readonly detail: () => ComponentChildren;
  /** Its cells; one of them holds a link with these attributes. */
  readonly children: (link: { readonly href: string; readonly 'aria-expanded': boolean }) => ComponentChildren;
}

/** A row that opens to more, below it. */
export function OpeningRow({ name, id, span, detail, children }: OpeningRowProps) {
  const isOpen = place.value.query.get(name) === id;
  return (
    <>
      <tr class={isOpen ? 'is-open' : ''}>
        {children({ href: linkHere({ [name]: isOpen ? '' : id }), 'aria-expanded': isOpen })}
      </tr>
      {isOpen && (
        <tr class="detail-row">
          <td colSpan={span}>{detail()}</td>
        </tr>
      )}
    </>
  );
}
