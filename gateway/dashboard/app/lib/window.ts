/** The stretch of time that a page looks at: `window` and `until` of the URL. */
export const spans = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const;
const usualSpan = '15m';

export interface ShownWindow {
  /** As the API takes it: 15m. */
  readonly span: string;
  readonly spanMs: number;
  /** undefined: now, and it moves. */
  readonly untilMs: number | undefined;
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function spanMs(span: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(span) ?? [];
  const ms = Number(count) * (units[unit] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}

/** A URL that says nonsense is read as the usual window. */
export function readWindow(query: URLSearchParams): ShownWindow {
  const wanted = query.get('window') ?? usualSpan;
  const until = Number(query.get('until') ?? Number.NaN);
  const ms = spanMs(wanted);
  const span = ms === undefined ? usualSpan : wanted;
  return {
    span,
    spanMs: ms ?? 900_000,
    untilMs: Number.isSafeInteger(until) && until > 0 ? until : undefined,
  };
}

/** For the API. */
export function windowQuery({ span, untilMs }: ShownWindow): { window: string; until: number | undefined } {
  return { window: span, until: untilMs };
}

/** Lengths of a bucket that people think in. */
export const steps = ['1s', '1m', '1h', '1d'] as const;
const maxBuckets = 3_600;
const spansOfSteps: Readonly<Record<string, string>> = { '1s': '15m', '1m': '6h', '1h': '7d', '1d': '30d' };

const fits = (stepMs: number, windowMs: number): boolean => stepMs * 2 <= windowMs && windowMs / stepMs <= maxBuckets;

/** The step that was chosen, where the window can be cut so; else the gateway chooses. */
export function fittingStep(wanted: string | null, windowMs: number): string | undefined {
  const step = steps.find((each) => each === wanted);
  return step !== undefined && fits(spanMs(step) ?? 0, windowMs) ? step : undefined;
}

/** A window for a step that the present one cannot be cut into. */
export function spanOfStep(step: string, shown: ShownWindow): { window?: string | undefined; until?: undefined } {
  return fits(spanMs(step) ?? 0, shown.spanMs) ? {} : { window: spansOfSteps[step], until: undefined };
}
