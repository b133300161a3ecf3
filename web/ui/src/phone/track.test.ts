import { expect, test } from 'vitest';
import { add, batchOf, EVERY_MS, MOST, recent, type Point, type Track } from './track';

const at = (time: number): Point => ({ crs: 'GCJ02', given: [120, 29], time });
const none: Track = { since: 0, points: [] };

test('one position in thirty seconds is kept', () => {
  let t = none;
  for (let ms = 0; ms < 300_000; ms += 10_000) t = add(t, at(ms));
  expect(t.points.map((p) => p.time / 1000)).toEqual([0, 30, 60, 90, 120, 150, 180, 210, 240, 270]);
});

test('a long one is kept less finely, from the beginning to the end', () => {
  let t = none;
  for (let n = 0; n < 5000; n++) t = add(t, at(n * EVERY_MS));
  expect(t.points.length).toBeLessThanOrEqual(MOST);
  expect(t.points[0]!.time).toBe(0);
  expect(t.points.at(-1)!.time).toBe(4999 * EVERY_MS);
  expect(t.points.every((p, n) => n === 0 || p.time > t.points[n - 1]!.time)).toBe(true);
});

test('what is older than positions are kept is dropped', () => {
  const t: Track = { since: 0, points: [at(0), at(6 * 86_400_000), at(8 * 86_400_000)] };
  expect(recent(t, 8 * 86_400_000, 7).points.map((p) => p.time / 86_400_000)).toEqual([6, 8]);
});

test('it is sent with its system, by the server’s clock, and none of it lies ahead of now', () => {
  const now = Date.parse('2026-11-22T08:00:00Z');
  const t: Track = { since: now - 3_600_000, points: [{ ...at(now - 60_000), accuracyM: 12 }, at(now + 5_000)] };
  const b = batchOf(t, -7_200_000, now) as { on_duty_since: string; positions: { at: string; crs: string; accuracy_m?: number }[] };
  expect(Date.parse(b.on_duty_since)).toBe(now - 3 * 3_600_000);
  expect(b.positions.map((p) => Date.parse(p.at))).toEqual([now - 7_260_000, now - 7_200_000]);
  expect(b.positions[0]).toMatchObject({ crs: 'GCJ02', coordinates: [120, 29], accuracy_m: 12 });
});

test('a duty of more than a day ago is not begun anew', () => {
  expect(batchOf({ since: 0, points: [at(0)] }, 0, 25 * 3_600_000)).not.toHaveProperty('on_duty_since');
});
