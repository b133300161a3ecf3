import type { Count } from '../api/model';

export interface Bar {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  n: number;
}

const HOUR = 3_600_000;

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

/** The nice number at or above n: where an axis ends. */
export function nice(n: number): number {
  if (n <= 5) return 5;
  const p = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].map((f) => f * p).find((v) => v >= n)!;
}
