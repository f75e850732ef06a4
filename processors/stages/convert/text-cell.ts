import { type ColumnKind, type Observation, observed, observeInteger } from './column-type.ts';

// A leading zero (“00501”) or plus sign carries meaning that a number would lose; such cells stay text.
const integer = /^-?(?:0|[1-9]\d{0,18})$/;
const decimal = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const instant = /^(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;
const bool = /^(?:true|false|True|False|TRUE|FALSE)$/;
/** More digits than that, and the nearest double reads back as another number. */
const maxDoubleDigits = 17;

function isExactDouble(text: string): boolean {
  if (!decimal.test(text) || !Number.isFinite(Number(text))) return false;
  const mantissa = text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '');
  return mantissa.length <= maxDoubleDigits;
}

/** A date, time and offset that exist: JavaScript would read February 30th as March 2nd. */
function isInstant(text: string): boolean {
  const parts = instant.exec(text);
  if (parts === null || Number.isNaN(Date.parse(text))) return false;
  if (Number(parts[3]) <= 28) return true;
  const daysInMonth = new Date(Date.UTC(Number(parts[1]), Number(parts[2]), 0)).getUTCDate();
  return Number(parts[3]) <= daysInMonth;
}

/** The narrowest type of one CSV cell; undefined for an empty one. Local times without offset stay text. */
export function observeCell(text: string): Observation | undefined {
  if (text === '') return undefined;
  const first = text.charCodeAt(0);
  const isNumberStart = (first >= 0x30 && first <= 0x39) || first === 0x2d || first === 0x2e;
  if (!isNumberStart) return bool.test(text) ? observed.bool : observed.string;
  if (integer.test(text) && text !== '-0') return observeInteger(text);
  if (isExactDouble(text)) return observed.double;
  return isInstant(text) ? observed.timestamp : observed.string;
}

/** The cell as a value of its column. An empty cell is null, but in a text column the empty text. */
export function cellValue(text: string, kind: ColumnKind): unknown {
  if (text === '' && kind !== 'string') return null;
  switch (kind) {
    case 'int64':
      return BigInt(text);
    case 'double':
      return Number(text);
    case 'bool':
      return text.toLowerCase() === 'true';
    case 'timestamp':
      return new Date(text);
    default:
      return text;
  }
}
