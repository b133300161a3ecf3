import { expect, test } from 'vitest';
import { bodies, doneOf, moved } from './patrols';

test('a stop is moved, and stays where it is over an end', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
});

test('a new stop is sent as a place of its own', () => {
  const stop = { key: 1, place: 3, title: 'x', explore: false, at: [120, 30] as const, added: false };
  expect(bodies([stop, { ...stop, added: true }])).toEqual([{ place: 3 }, { new: { title: 'x', place: { crs: 'WGS84', coordinates: [120, 30] } } }]);
});

test('what became of a stop', () => {
  expect(doneOf({ visited_at: '2026-01-01T00:00:00Z', far: true })).toBe('far');
  expect(doneOf({ skipped: 'closed' })).toBe('skipped');
  expect(doneOf({})).toBe('open');
});
