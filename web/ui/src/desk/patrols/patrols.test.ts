import { expect, test } from 'vitest';
import { bodies, doneOf, goer, goesOf, gridsOf, moved, titleOf } from './patrols';

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

test('who goes is a worker, or whoever works in a grid', () => {
  for (const u of [{ person: 'worker', grid_code: '' }, { person: '', grid_code: '3307820010010001' }, { person: '', grid_code: '' }]) expect(goer(goesOf(u))).toEqual(u);
  const worker = { name: '' };
  expect(gridsOf([{ ...worker, login: 'a', grids: ['2', '1'] }, { ...worker, login: 'b', grids: ['2'] }])).toEqual(['1', '2']);
});

test('only the name that is made for a plan is told in another language', () => {
  const english = (at: string) => `Patrols ${at}`;
  expect(titleOf('巡逻 2026-11-23 20:00 · A', english)).toBe('Patrols 2026-11-23 20:00 · A');
  expect(titleOf('巡逻城西', english)).toBe('巡逻城西');
});
