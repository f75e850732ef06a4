/** How the text of a setting becomes a value. A parser returns the value or throws an Error whose message says what is wrong. */
export type Parse<T> = (text: string) => T;

/** One setting, as data: `penstock config`, the docs and the loader read the same table. */
export interface Setting<T> {
  /** Environment variable, e.g. PENSTOCK_HTTP_PORT. */
  readonly name: string;
  /** Text that counts where nothing is given; absent: the setting stays unset. */
  readonly default?: string;
  readonly doc: string;
  /** Never printed; may also be given as <name>_FILE, the path of a file that holds it. */
  readonly secret: boolean;
  readonly parse: Parse<T>;
}
