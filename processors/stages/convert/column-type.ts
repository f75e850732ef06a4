/** `json`: nested values, kept as JSON text. */
export type ColumnKind = 'int64' | 'double' | 'bool' | 'timestamp' | 'string' | 'json';

/** What one value says of its column. */
export interface Observation {
  readonly kind: ColumnKind;
  /** An integer that a double does not hold exactly. */
  readonly isWide: boolean;
}

/** What is known of a column so far; undefined: only empty values. */
export type ColumnType = Observation | undefined;

const plain = (kind: ColumnKind): Observation => ({ kind, isWide: false });
export const observed = {
  int64: plain('int64'),
  wideInt64: { kind: 'int64', isWide: true },
  double: plain('double'),
  bool: plain('bool'),
  timestamp: plain('timestamp'),
  string: plain('string'),
  json: plain('json'),
} as const satisfies Record<string, Observation>;

/** The narrowest type that holds both without loss. */
export function widen(known: ColumnType, next: Observation): Observation {
  if (known === undefined || known === next) return next;
  if (known.kind === next.kind) return known.isWide ? known : next;
  if (known.kind === 'json' || next.kind === 'json') return observed.json;
  const isNumeric = isNumber(known) && isNumber(next);
  return isNumeric && !known.isWide && !next.isWide ? observed.double : observed.string;
}

const isNumber = ({ kind }: Observation): boolean => kind === 'int64' || kind === 'double';

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

/** For decimal digits with an optional minus sign. */
export function observeInteger(digits: string): Observation {
  if (digits.length <= 15) return observed.int64;
  const value = BigInt(digits);
  return value >= minInt64 && value <= maxInt64 ? observed.wideInt64 : observed.string;
}
