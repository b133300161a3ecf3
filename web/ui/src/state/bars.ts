import type { Count } from '../api/model';

export interface Bar {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  n: number;
}

export type Unit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** What the histogram spans: the last so many hours, in bars of so many; or all that there is. */
export const spans = {
  '24h': { h: 24, bar: 1 },
  '7d': { h: 168, bar: 3 },
  '30d': { h: 720, bar: 24 },
  '1y': { h: 52 * 168, bar: 168 },
  all: undefined,
} as const;
export type Span = keyof typeof spans;

/** Where a span ends that lasts until now: at a whole bar. The server counts days of UTC. */
export function endOf(span: Exclude<Span, 'all'>, now: number): number {
  const whole = spans[span].bar >= 24 ? DAY : HOUR;
  return Math.ceil(now / whole) * whole;
}

/**
 * Bars of equal width over a span that ends at `end` (milliseconds), also
 * where nothing happened. Hours are summed into bars of `barH` hours, counted
 * from the span's beginning.
 */
export function bars(counts: Count[], end: number, spanH: number, barH: number): Bar[] {
  const begin = end - spanH * HOUR;
  const out: Bar[] = [];
  for (let from = begin; from < end; from += barH * HOUR) out.push({ from, to: from + barH * HOUR, n: 0 });
  for (const c of counts) {
    const bar = out[Math.floor((Date.parse(c.key) - begin) / (barH * HOUR))];
    if (bar) bar.n += c.n;
  }
  return out;
}

/** The beginning of the unit that holds `at`, or of the `by`-th after it; by UTC's calendar, weeks from Monday. */
function edge(at: number, unit: Exclude<Unit, 'hour'>, by = 0): number {
  const d = new Date(at);
  const [y, m] = [d.getUTCFullYear(), d.getUTCMonth()];
  if (unit === 'day') return (Math.floor(at / DAY) + by) * DAY;
  if (unit === 'week') return (Math.floor((at / DAY + 3) / 7) * 7 - 3 + by * 7) * DAY;
  if (unit === 'month') return Date.UTC(y, m + by);
  if (unit === 'quarter') return Date.UTC(y, m - (m % 3) + 3 * by);
  return Date.UTC(y + by, 0);
}

/** The narrowest unit whose bars can still be told apart and pointed at. */
function unitFor(spanMs: number): Exclude<Unit, 'hour'> {
  const days = spanMs / DAY;
  return days <= 100 ? 'day' : days <= 800 ? 'week' : days <= 12 * 366 ? 'month' : days <= 36 * 366 ? 'quarter' : 'year';
}

/**
 * Bars over all that is counted, of one calendar unit. Imported records have
 * a few wrong dates, and 1900-01-01 would stretch the axis over a century: it
 * begins with the first month that has a hundredth of a typical one, if what
 * lies before is under a hundredth of all. That is summed in `earlier`.
 */
export function allBars(counts: Count[], now: number): { bars: Bar[]; unit: Unit; earlier: number } {
  const at = counts.map((c) => ({ at: Date.parse(c.key), n: c.n })).filter((c) => c.at <= now).sort((a, b) => a.at - b.at);
  if (at.length === 0) return { bars: [], unit: 'day', earlier: 0 };
  const total = at.reduce((s, c) => s + c.n, 0);
  const months = new Map<number, number>();
  for (const c of at) months.set(edge(c.at, 'month'), (months.get(edge(c.at, 'month')) ?? 0) + c.n);
  // The typical month is the one of the incident in the middle.
  let passed = 0;
  const typical = [...months.values()].find((n) => (passed += n) >= total / 2)!;
  let begin = [...months].find(([, n]) => n >= typical / 100)![0];
  let earlier = at.reduce((s, c) => s + (c.at < begin ? c.n : 0), 0);
  if (earlier === 0 || earlier > total / 100) {
    begin = at[0]!.at;
    earlier = 0;
  }
  const last = at.at(-1)!.at;
  const unit = unitFor(last - begin);
  const out: Bar[] = [];
  for (let from = edge(begin, unit); from <= last; from = edge(from, unit, 1)) out.push({ from, to: edge(from, unit, 1), n: 0 });
  let bar = 0;
  for (const c of at) {
    if (c.at < out[0]!.from) continue;
    while (c.at >= out[bar]!.to) bar++;
    out[bar]!.n += c.n;
  }
  // The first bar may begin before `begin`: what it counts is not earlier.
  earlier = total - out.reduce((s, b) => s + b.n, 0);
  return { bars: out, unit, earlier };
}

/** The nice number at or above n: where an axis ends. */
export function nice(n: number): number {
  if (n <= 5) return 5;
  const p = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map((f) => f * p).find((v) => v >= n)!;
}
