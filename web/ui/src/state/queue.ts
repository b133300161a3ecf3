import type { Incident } from '../api/model';

/** Newest report first; the id settles equal times, so that the order is always the same. */
export function byTime(a: Incident, b: Incident): number {
  return (b.reported_at ?? b.occurred_at ?? '').localeCompare(a.reported_at ?? a.occurred_at ?? '') || b.id - a.id;
}

/** The rows of a list that are in sight, with some above and below: a list of thousands draws dozens. */
export function windowOf(count: number, rowPx: number, scrollPx: number, heightPx: number, spare = 6): { from: number; to: number } {
  const from = Math.max(0, Math.floor(scrollPx / rowPx) - spare);
  return { from, to: Math.min(count, Math.ceil((scrollPx + heightPx) / rowPx) + spare) };
}

/** A busy minute is summarised, not flashed: at most this many pulses in ten seconds. */
const PULSES = 5;

/** Says which arrivals may pulse on the map. */
export class Calm {
  private recent: number[] = [];

  /** @param now milliseconds */
  allow(now: number): boolean {
    this.recent = this.recent.filter((t) => now - t < 10_000);
    if (this.recent.length >= PULSES) return false;
    this.recent.push(now);
    return true;
  }
}

/** The middle value; undefined of nothing. */
export function median(values: number[]): number | undefined {
  if (values.length === 0) return undefined;
  const s = [...values].sort((a, b) => a - b);
  const m = s.length >> 1;
  return s.length % 2 ? s[m] : (s[m - 1]! + s[m]!) / 2;
}
