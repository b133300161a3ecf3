import { expect, test } from 'vitest';
import type { Incident } from '../api/model';
import { byTime, Calm, median, windowOf } from './queue';

const at = (id: number, reported_at?: string, occurred_at?: string) => ({ id, reported_at, occurred_at }) as Incident;

test('newest first; equal times by id; without a report time the occurrence counts', () => {
  const l = [at(1, '2026-01-01T00:00:00Z'), at(2, '2026-01-02T00:00:00Z'), at(3, '2026-01-02T00:00:00Z'), at(4, undefined, '2026-01-03T00:00:00Z')];
  expect(l.sort(byTime).map((i) => i.id)).toEqual([4, 3, 2, 1]);
});

test.each([
  [0, 0, 600, { from: 0, to: 0 }],
  [10_000, 0, 600, { from: 0, to: 16 }],
  [10_000, 6000, 600, { from: 94, to: 116 }],
  [12, 6000, 600, { from: 94, to: 12 }],
])('window of %d rows scrolled by %d', (count, scroll, height, want) => {
  expect(windowOf(count, 60, scroll, height)).toEqual(want);
});

test('the sixth arrival within ten seconds does not pulse, a later one does', () => {
  const c = new Calm();
  expect([0, 1, 2, 3, 4, 5].map((t) => c.allow(t))).toEqual([true, true, true, true, true, false]);
  expect(c.allow(10_001)).toBe(true);
});

test('median', () => {
  expect(median([])).toBeUndefined();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1])).toBe(2.5);
});
