import { happened, withOffset } from './clock';
import type { CRS } from './crs';

/** A position that could not be shared when the phone was there. */
export interface Point {
  crs: CRS;
  given: [number, number];
  accuracyM?: number;
  /** What the phone's clock showed, and what was known of that clock: milliseconds. */
  time: number;
  skew?: number;
}

/** Positions of one duty that the server does not have yet. */
export interface Track {
  /** When the duty began, by the phone's clock. */
  since: number;
  points: Point[];
}

/** One position so often is kept, and so many at most: as many as the server takes at once. */
export const EVERY_MS = 30_000;
export const MOST = 1000;
/** The server takes no beginning of a duty longer ago than that. */
const SINCE_MS = 24 * 3_600_000;

/** The track with one more position; the same where the last is too near in time. A full one keeps every other: it goes on, less finely. */
export function add(t: Track, p: Point): Track {
  const last = t.points.at(-1);
  if (last && Math.abs(p.time - last.time) < EVERY_MS) return t;
  const points = t.points.length < MOST ? t.points : t.points.filter((_, n) => n % 2 === 0);
  return { ...t, points: [...points, p] };
}

/** Without what is older than positions are kept at all. */
export const recent = (t: Track, nowMs: number, keepDays: number): Track => ({ ...t, points: t.points.filter((p) => nowMs - p.time < keepDays * 86_400_000) });

/**
 * The track as the server takes it, at once. A duty that began more than a day
 * ago is one that the server knows of, or nothing can be said of it any more.
 */
export function batchOf(t: Track, skewNow: number | undefined, nowMs: number): Record<string, unknown> {
  const since = happened(t.since, t.points[0]?.skew, skewNow, nowMs);
  return {
    ...(nowMs - t.since < SINCE_MS - 60_000 ? { on_duty_since: withOffset(since) } : {}),
    positions: t.points.map((p) => ({ crs: p.crs, coordinates: p.given, ...(p.accuracyM === undefined ? {} : { accuracy_m: p.accuracyM }), at: withOffset(happened(p.time, p.skew, skewNow, nowMs)) })),
  };
}
